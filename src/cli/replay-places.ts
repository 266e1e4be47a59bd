import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { StemmaError } from "../lineage/errors.ts";
import { parseDataReference } from "../lineage/reference.ts";
import type { Run } from "../mlflow/types.ts";
import type { PachydermClient } from "../pachyderm/client.ts";
import type { CommitName } from "../pachyderm/types.ts";
import { describeCounts } from "../tracker/delivery/items.ts";
import { OUTBOX_FILES, OUTBOX_PLACE } from "../tracker/delivery/outbox.ts";
import { readOutbox } from "../tracker/delivery/read-outbox.ts";
import { type Replayed, replay } from "../tracker/delivery/replay.ts";
import type { RunKeeper } from "../tracker/ports.ts";
import { getFolder } from "./download.ts";
import { toCommitQuery } from "./names.ts";

interface Ports {
  readonly runs: RunKeeper;
  readonly say: (line: string) => void;
}

export interface ReplayOutcome {
  readonly replayed: readonly { readonly run: Run; readonly what: string }[];
  /** Whether MLflow did not take something. */
  readonly isIncomplete: boolean;
}

/** Replays all outboxes at or below a folder, and removes those that have been delivered. */
export async function replayFolder(ports: Ports, folder: string): Promise<ReplayOutcome> {
  const results: Replayed[] = [];
  for (const outbox of await findOutboxes(folder)) {
    const result = await replayOne(ports, outbox);
    if (result.refused.length === 0) await rm(outbox, { recursive: true });
    results.push(result);
  }
  return toOutcome(results);
}

/** Replays all outboxes of a commit, and notes their runs on it. */
export async function replayCommit(
  ports: Ports & { readonly pachyderm: PachydermClient },
  reference: string,
): Promise<ReplayOutcome> {
  const { pachyderm } = ports;
  using client = pachyderm;
  const { commit } = await client.inspectCommit(toCommitQuery(parseDataReference(reference)));
  const results: Replayed[] = [];
  for await (const { path } of client.globFiles({ repo: commit.repo, at: commit.id }, `/${OUTBOX_PLACE}/*`)) {
    const result = await replayFromCommit(ports, commit, path.replace(/\/$/, ""));
    await link(ports, commit, result.run);
    results.push(result);
  }
  return toOutcome(results);
}

type CommitPorts = Parameters<typeof replayCommit>[0];

async function replayFromCommit(ports: CommitPorts, commit: CommitName, path: string): Promise<Replayed> {
  const folder = await mkdtemp(join(tmpdir(), "stemma-outbox-"));
  try {
    const query = { repo: commit.repo, at: commit.id };
    await getFolder({ client: ports.pachyderm, query, signal: new AbortController().signal }, path, folder);
    return await replayOne(ports, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The run's tags name the commit; a note on the commit names the run, which no file in a finished commit can. */
async function link({ pachyderm, say }: CommitPorts, commit: CommitName, run: Run): Promise<void> {
  try {
    await pachyderm.noteOnCommit(commit, `stemma.run.${run.id}`, new Date().toISOString());
  } catch (error) {
    if (!(error instanceof StemmaError) || error.code !== "UNSUPPORTED") throw error;
    say("this Pachyderm keeps no notes on commits: the commit is found by the run's tags alone.");
  }
}

async function replayOne({ runs, say }: Ports, folder: string): Promise<Replayed> {
  const result = await replay(runs, await readOutbox(folder), new Date());
  for (const reason of result.refused) say(`run ${result.run.id}: not delivered: ${reason}`);
  return result;
}

function toOutcome(results: readonly Replayed[]): ReplayOutcome {
  return {
    replayed: results.map(({ run, sent }) => ({ run, what: describeCounts(sent) || "had been delivered before" })),
    isIncomplete: results.some(({ refused }) => refused.length > 0),
  };
}

async function findOutboxes(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const headers = entries.filter(
    ({ name, parentPath }) => name === OUTBOX_FILES.header && !basename(parentPath).endsWith(".draft"),
  );
  return headers.map(({ name, parentPath }) => dirname(join(parentPath, name))).sort();
}
