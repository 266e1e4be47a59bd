import { StemmaError } from "../../lineage/errors.ts";
import { quoteFilterValue } from "../../mlflow/filter.ts";
import type { Run } from "../../mlflow/types.ts";
import type { RunKeeper } from "../ports.ts";
import { type Attempt, closeOpenAttempts, formatAttempts, parseAttempts } from "./attempts.ts";
import { RUN_TAGS } from "./run-tags.ts";

export interface WantedRun {
  readonly experiment: string;
  readonly name: string;
  /** The same for all attempts at the same work. */
  readonly key: string;
  /** Nobody else can have this key: there is no earlier run to look for. */
  readonly isKeyNew: boolean;
  /** This attempt's own mark: whatever bears it was made by this attempt's calls. */
  readonly session: string;
  readonly startTime: Date;
  readonly host: string;
  readonly pid: number;
  readonly tags: Readonly<Record<string, string>>;
  /** A run that is there already and is to be continued. */
  readonly runId?: string | undefined;
  /** Whether the experiment was asked for, so that the run must be of it. */
  readonly isExperimentGiven: boolean;
}

/**
 * Continues the run of an earlier attempt, or begins one: exactly one for a key, whatever gets lost on the way. MLflow makes
 * another run each time it is asked, so we look before and after asking; of several the first by start time and id counts,
 * for everybody alike, and the others are closed.
 */
export async function openRun(runs: RunKeeper, wanted: WantedRun, hasTried: boolean): Promise<Run> {
  if (wanted.runId !== undefined) return continueGiven(runs, wanted, wanted.runId);
  const experimentId = await runs.experimentId(wanted.experiment);
  const mayExist = hasTried || !wanted.isKeyNew;
  const earlier = mayExist ? await pickRun(runs, experimentId, wanted) : undefined;
  const run = earlier ?? (await beginRun(runs, experimentId, wanted));
  return run.tags[RUN_TAGS.session] === wanted.session ? run : continueRun(runs, run, wanted);
}

async function beginRun(runs: RunKeeper, experimentId: string, wanted: WantedRun): Promise<Run> {
  const { name, key, startTime, session } = wanted;
  const tags = { ...wanted.tags, [RUN_TAGS.key]: key, [RUN_TAGS.session]: session, ...attemptTags([firstAttempt(wanted)]) };
  let made: Run | undefined;
  try {
    made = await runs.createRun({ experimentId, name, startTime, tags });
  } catch (error) {
    if (!isLost(error)) throw error;
    // The answer may have been lost after the run was made.
    const found = await pickRun(runs, experimentId, wanted);
    if (found === undefined) throw error;
    return found;
  }
  return wanted.isKeyNew ? made : ((await pickRun(runs, experimentId, wanted)) ?? made);
}

async function continueRun(runs: RunKeeper, earlier: Run, wanted: WantedRun): Promise<Run> {
  const { key, session, startTime } = wanted;
  const before = closeOpenAttempts(parseAttempts(earlier.tags[RUN_TAGS.attempts]), startTime, "its tracker ended without a word");
  const attempt = Math.max(Number(earlier.tags[RUN_TAGS.attempt] ?? "0") || 0, before.at(-1)?.attempt ?? 0) + 1;
  const attempts = [...before, { ...firstAttempt(wanted), attempt }];
  await runs.updateRun(earlier.id, { status: "RUNNING" });
  // The session comes last: when it is there, the attempt has been counted, and is not counted again.
  await runs.logBatch(earlier.id, {
    tags: { ...wanted.tags, [RUN_TAGS.key]: key, [RUN_TAGS.session]: session, ...attemptTags(attempts) },
  });
  return runs.inspectRun(earlier.id);
}

async function continueGiven(runs: RunKeeper, wanted: WantedRun, id: string): Promise<Run> {
  const run = await runs.inspectRun(id);
  if (run.deleted) {
    throw new StemmaError("USAGE", `run ${id} of MLflow at ${runs.uri} is deleted.`, {
      hint: "Restore it, or leave out --run-id.",
    });
  }
  if (wanted.isExperimentGiven && (await runs.experimentId(wanted.experiment)) !== run.experimentId) {
    throw new StemmaError("USAGE", `run ${id} is in experiment ${run.experimentId}, not in "${wanted.experiment}".`, {
      hint: "Leave out --experiment, or name another run.",
    });
  }
  if (run.tags[RUN_TAGS.session] === wanted.session) return run;
  return continueRun(runs, run, { ...wanted, key: run.tags[RUN_TAGS.key] ?? wanted.key });
}

export function firstAttempt({ startTime, host, pid }: WantedRun): Attempt {
  return { attempt: 1, started: startTime.toISOString(), host, pid };
}

function attemptTags(attempts: readonly Attempt[]): Record<string, string> {
  return { [RUN_TAGS.attempt]: String(attempts.at(-1)?.attempt ?? 1), [RUN_TAGS.attempts]: formatAttempts(attempts) };
}

/** The one run of a key that counts, or undefined. The others of that key are closed. */
async function pickRun(runs: RunKeeper, experimentId: string, { key, startTime }: WantedRun): Promise<Run | undefined> {
  const [winner, ...doubles] = await findLiveRuns(runs, experimentId, key);
  if (winner !== undefined) await closeDoubles(runs, winner, doubles, startTime);
  return winner;
}

/** The runs of a key that are not closed as doubles, the one that counts first. */
export async function findLiveRuns(runs: RunKeeper, experimentId: string, key: string): Promise<Run[]> {
  const found: Run[] = [];
  const filter = `tags.\`${RUN_TAGS.key}\` = ${quoteFilterValue(key)}`;
  for await (const run of runs.searchRuns({ experimentIds: [experimentId], filter })) {
    if (run.tags[RUN_TAGS.supersededBy] === undefined) found.push(run);
  }
  return found.sort((a, b) => a.startTime.getTime() - b.startTime.getTime() || (a.id < b.id ? -1 : 1));
}

/** Ends runs that stand for the same work as `winner`, so that one is left that looks alive. */
async function closeDoubles(runs: RunKeeper, winner: Run, doubles: readonly Run[], endTime: Date): Promise<void> {
  for (const { id } of doubles) {
    const reason = `MLflow was asked once and made it beside run ${winner.id}, which counts`;
    // The tags come last: a run without them is found, and ended, again.
    await runs.updateRun(id, { status: "KILLED", endTime });
    await runs.logBatch(id, { tags: { [RUN_TAGS.supersededBy]: winner.id, [RUN_TAGS.closedBecause]: reason } });
  }
}

/** Ends the runs that came to be beside this one: by a call that was sent twice, or came late. */
export async function closeOthers(runs: RunKeeper, run: Run, key: string, endTime: Date): Promise<void> {
  const live = await findLiveRuns(runs, run.experimentId, key);
  const others = live.filter(({ id }) => id !== run.id);
  await closeDoubles(runs, run, others, endTime);
}

/** Whether a call may have taken effect though it failed. */
function isLost(error: unknown): error is StemmaError {
  return error instanceof StemmaError && (error.code === "UNREACHABLE" || error.code === "FAILED");
}
