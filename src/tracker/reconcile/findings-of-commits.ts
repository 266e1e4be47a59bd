import type { Run } from "../../mlflow/types.ts";
import { textAt } from "../json.ts";
import { OUTBOX_SCHEMA } from "../delivery/outbox.ts";
import { RUN_TAGS } from "../delivery/run-tags.ts";
import type { Finding } from "./finding.ts";
import { formatCommit } from "./names.ts";
import { type CommitFile, type OutputCommits, runOfCard } from "./output-commits.ts";

/** The runs that are looked at, and the way to those that are not. */
export interface KnownRuns {
  /** Also deleted ones, and those of other experiments. */
  readonly findRun: (id: string) => Promise<Run | undefined>;
  /** The run that stands for a key. */
  readonly runOfKey: (key: string) => Run | undefined;
  /** Whether an experiment, told by its id or its name, is one of those looked at. */
  readonly isLookedAt: (experiment: { readonly id: string } | { readonly name: string }) => boolean;
}

/** What is wrong with the run that a card in an output commit tells of. */
export async function findLostRun(card: CommitFile, commits: OutputCommits, runs: KnownRuns): Promise<Finding | undefined> {
  const id = runOfCard(card);
  const run = await runs.findRun(id);
  const isHere = run !== undefined && !run.deleted;
  if (isHere || (run !== undefined && !runs.isLookedAt({ id: run.experimentId }))) return undefined;
  const content = (await commits.readObject(card)) ?? {};
  if (textAt(content, "schema")?.startsWith("stemma/run-card/") !== true) return undefined;
  const about = { run: id, commit: formatCommit(card.commit), key: textAt(content, "key") };
  if (run !== undefined) {
    if (run.tags[RUN_TAGS.supersededBy] !== undefined) return undefined;
    const message = "MLflow has deleted the run, and its output is still there";
    return { ...about, kind: "deleted-run", message, remedy: { kind: "restore", run: id } };
  }
  if (!runs.isLookedAt({ name: textAt(content, "experimentName") ?? "" })) return undefined;
  const message = "MLflow does not have the run of this card: the card is all that is left of it";
  return { ...about, kind: "commit-without-run", message };
}

/** What is wrong with an outbox in an output commit: that nobody has told MLflow of it yet. */
export async function findUndelivered(file: CommitFile, commits: OutputCommits, runs: KnownRuns): Promise<Finding | undefined> {
  const header = (await commits.readObject(file)) ?? {};
  if (textAt(header, "schema") !== OUTBOX_SCHEMA) return undefined;
  if (!runs.isLookedAt({ name: textAt(header, "experiment") ?? "" })) return undefined;
  const key = textAt(header, "key") ?? "";
  const run = runs.runOfKey(key) ?? (await runs.findRun(textAt(header, "runId") ?? ""));
  const replayed = run?.tags[RUN_TAGS.replayed];
  if (replayed !== undefined && replayed === textAt(header, "head")) return undefined;
  const commit = formatCommit(file.commit);
  const message = `what MLflow could not be told waits in ${file.path.replace(/\/[^/]*$/, "")}: stemma replay ${commit}`;
  return { kind: "undelivered", run: run?.id, commit, key, message };
}
