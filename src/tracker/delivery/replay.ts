import { StemmaError } from "../../lineage/errors.ts";
import type { Run } from "../../mlflow/types.ts";
import type { RunKeeper } from "../ports.ts";
import { endedAttempts, formatAttempts, parseAttempts } from "./attempts.ts";
import { deliverItem } from "./deliver-item.ts";
import { type ItemKind, countOf } from "./items.ts";
import { closeOthers, findLiveRuns, openRun } from "./open-run.ts";
import type { SealedHeader } from "./outbox.ts";
import type { Outbox } from "./read-outbox.ts";
import { RUN_TAGS } from "./run-tags.ts";

export interface Replayed {
  readonly run: Run;
  /** What was sent, by kind. Empty when all of it had been sent before. */
  readonly sent: ReadonlyMap<ItemKind, number>;
  /** What MLflow does not take, and why. */
  readonly refused: readonly string[];
}

/**
 * Tells MLflow what an outbox holds, into the run of its key, which is made with its true start time if need be, and ends it
 * with the true status and end time. It can be repeated, and taken up after a failure: nothing arrives twice. Rejects with
 * UNREACHABLE when MLflow goes away meanwhile.
 */
export async function replay(runs: RunKeeper, { header, items }: Outbox, now: Date): Promise<Replayed> {
  const run = await openRunOf(runs, header);
  const sent = new Map<ItemKind, number>();
  const refused: string[] = [];
  await closeOthers(runs, run, header.key, now);
  if (run.tags[RUN_TAGS.replayed] === header.head) return { run, sent, refused };
  for await (const item of items()) {
    try {
      await deliverItem(runs, run, item, ignore);
      sent.set(item.kind, (sent.get(item.kind) ?? 0) + countOf(item));
    } catch (error) {
      if (!(error instanceof StemmaError) || error.code === "UNREACHABLE") throw error;
      refused.push(error.message);
    }
  }
  await endRun(runs, run, header);
  await closeOthers(runs, run, header.key, now);
  if (refused.length === 0) await runs.logBatch(run.id, { tags: { [RUN_TAGS.replayed]: header.head } });
  return { run: await runs.inspectRun(run.id), sent, refused };
}

async function openRunOf(runs: RunKeeper, header: SealedHeader): Promise<Run> {
  const known = header.runId === undefined ? undefined : await findRun(runs, header.runId);
  if (known !== undefined) return known;
  const { experiment, runName, key, session, startTime, host, pid, tags } = header;
  const [earlier] = await findLiveRuns(runs, await runs.experimentId(experiment), key);
  if (earlier !== undefined && isTakenOver(earlier, header)) return earlier;
  const wanted = { experiment, name: runName, key, isKeyNew: false, session, startTime: new Date(startTime), host, pid, tags };
  return openRun(runs, { ...wanted, isExperimentGiven: false }, true);
}

/** The run, or the one that counts in its place; undefined when MLflow has it no more. */
async function findRun(runs: RunKeeper, id: string): Promise<Run | undefined> {
  try {
    const run = await runs.inspectRun(id);
    const winner = run.tags[RUN_TAGS.supersededBy];
    if (run.deleted)
      throw new StemmaError("USAGE", `run ${id} is deleted.`, { hint: "Restore it in MLflow, then replay again." });
    return winner === undefined ? run : await runs.inspectRun(winner);
  } catch (error) {
    if (error instanceof StemmaError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}

/** Whether an attempt that began later is at work on the run, or has ended it. */
function isTakenOver({ tags }: Run, { startTime }: SealedHeader): boolean {
  const last = parseAttempts(tags[RUN_TAGS.attempts]).at(-1);
  return last !== undefined && last.started > startTime;
}

/** A later attempt has the last word. */
async function endRun(runs: RunKeeper, run: Run, header: SealedHeader): Promise<void> {
  if (run.tags[RUN_TAGS.session] !== header.session) return;
  const { status, exitCode, how } = header;
  const endTime = new Date(header.endTime);
  const attempts = endedAttempts(parseAttempts(run.tags[RUN_TAGS.attempts]), { ended: endTime, status, exitCode, how });
  await runs.logBatch(run.id, { tags: { [RUN_TAGS.attempts]: formatAttempts(attempts), [RUN_TAGS.incomplete]: "" } });
  await runs.updateRun(run.id, { status, endTime });
}

function ignore(): void {
  // Nobody waits for signs of life here.
}
