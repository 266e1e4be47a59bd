import { StemmaError } from "../../lineage/errors.ts";
import { quoteFilterValue } from "../../mlflow/filter.ts";
import type { Run } from "../../mlflow/types.ts";
import type { RunKeeper } from "../ports.ts";

const KEY_TAG = "stemma.key";
export const ATTEMPT_TAG = "stemma.attempt";

export interface WantedRun {
  readonly experimentId: string;
  readonly name: string;
  /** The same for all attempts at the same work. */
  readonly key: string;
  readonly startTime: Date;
  readonly tags: Readonly<Record<string, string>>;
}

/** Continues the run of an earlier attempt, or begins one. So a retried datum never leaves two runs that both look finished. */
export async function openRun(runs: RunKeeper, wanted: WantedRun): Promise<Run> {
  const earlier = await findByKey(runs, wanted);
  return earlier === undefined ? beginRun(runs, wanted) : continueRun(runs, earlier, wanted);
}

async function beginRun(runs: RunKeeper, wanted: WantedRun): Promise<Run> {
  const { experimentId, name, key, startTime, tags } = wanted;
  try {
    return await runs.createRun({ experimentId, name, startTime, tags: { ...tags, [KEY_TAG]: key, [ATTEMPT_TAG]: "1" } });
  } catch (error) {
    if (!(error instanceof StemmaError) || error.code !== "UNREACHABLE") throw error;
    // The answer may have been lost after the run was made. MLflow has no other way to make it once only.
    const made = await findByKey(runs, wanted);
    if (made === undefined) throw error;
    return made;
  }
}

async function continueRun(runs: RunKeeper, earlier: Run, { key, tags }: WantedRun): Promise<Run> {
  const attempt = Number(earlier.tags[ATTEMPT_TAG] ?? "1") + 1;
  await runs.updateRun(earlier.id, { status: "RUNNING" });
  await runs.logBatch(earlier.id, { tags: { ...tags, [KEY_TAG]: key, [ATTEMPT_TAG]: String(attempt) } });
  return runs.inspectRun(earlier.id);
}

async function findByKey(runs: RunKeeper, { experimentId, key }: WantedRun): Promise<Run | undefined> {
  const found = runs.searchRuns({ experimentIds: [experimentId], filter: `tags.\`${KEY_TAG}\` = ${quoteFilterValue(key)}` });
  for await (const run of found) return run;
  return undefined;
}
