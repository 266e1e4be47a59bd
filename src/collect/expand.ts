import { StemmaError } from "../lineage/errors.ts";
import type { LineageIndex } from "../lineage/store/lineage-index.ts";
import type { FileIdentity, Urn } from "../lineage/urn.ts";
import { formatUrn, parseUrn } from "../lineage/urn.ts";
import type { Direction, Expander, Gap } from "../lineage/answer.ts";
import { mapAtOnce } from "./at-once.ts";
import { cursorOfJob, expandJob } from "./expand/expand-job.ts";
import { expandRun } from "./expand/expand-run.ts";
import { expandFolder } from "./expand/find-file.ts";
import { jobsToExpand, runsToExpand } from "./expand/what-to-expand.ts";
import type { Reading } from "./pachyderm/turn.ts";
import type { Sources } from "./ports.ts";
import { Remote } from "./remote.ts";

export { findFile } from "./expand/find-file.ts";

/** Reads files and datums into the index when a walk comes near them. What a job that is done has said is not asked for again. */
export function expander(index: LineageIndex, sources: Sources): Expander {
  const reading: Reading = { index, source: sources.pachyderm };
  const remote = new Remote();
  return { expand: (urns, direction) => expand(reading, remote, urns, direction) };
}

async function expand(reading: Reading, remote: Remote, urns: readonly Urn[], direction: Direction): Promise<readonly Gap[]> {
  const { index } = reading;
  const folders = urns.flatMap((urn) => folderOf(urn));
  const read = [
    await mapAtOnce(folders, (folder) => orGap(formatUrn(folder), async () => remote.ask(() => expandFolder(reading, folder)))),
    await mapAtOnce(jobsToExpand(index, urns, direction), (job) => orGap(job, async () => jobOnce(reading, remote, job))),
    await mapAtOnce(runsToExpand(index, urns, direction), (run) =>
      orGap(run, async () => remote.ask(() => expandRun(reading, run))),
    ),
  ];
  return read.flat(2);
}

function folderOf(urn: Urn): readonly FileIdentity[] {
  const identity = urn.endsWith("/") ? parseUrn(urn) : undefined;
  return identity?.kind === "file" ? [identity] : [];
}

async function jobOnce(reading: Reading, remote: Remote, job: Urn): Promise<readonly Gap[]> {
  const { index } = reading;
  const isDone = index.cursor(cursorOfJob(job)) === "done";
  const record = index.record(job);
  // Of a job that is gone, the server says nothing more.
  if (isDone || record === undefined || record.gone !== undefined || record.node.kind !== "job") return [];
  const { node, ...rest } = record;
  await remote.ask(() => expandJob(reading, { ...rest, node }));
  return [];
}

/**
 * A server that cannot be reached leaves a gap. One that does not know a job's datums (any more) leaves none: the walk sees that the job
 * was not expanded, takes the whole of it, and says so.
 */
async function orGap(at: Urn, read: () => Promise<readonly Gap[]>): Promise<readonly Gap[]> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof StemmaError)) throw error;
    return error.code === "UNREACHABLE" ? [{ at, why: error.message.replace(/\.$/, ""), effect: "missing" }] : [];
  }
}
