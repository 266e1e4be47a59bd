import { StemmaError } from "../../lineage/errors.ts";
import { RUN_TAGS } from "../delivery/run-tags.ts";
import type { Finding, Remedy } from "./finding.ts";
import type { RunStore } from "./ports.ts";
import type { TrackedRun } from "./tracked-run.ts";

/** A finding, and what became of it. */
export interface SettledFinding extends Omit<Finding, "remedy"> {
  readonly mended: boolean;
}

/** Puts right what can be. What went wrong with that is told in the message; the others are mended nevertheless. */
export async function mend({ remedy, ...finding }: Finding, runs: RunStore): Promise<SettledFinding> {
  if (remedy === undefined) return { ...finding, mended: false };
  try {
    if (remedy.kind === "restore") await runs.restoreRun(remedy.run);
    else await change(remedy, runs);
    return { ...finding, mended: true };
  } catch (error) {
    if (!(error instanceof StemmaError)) throw error;
    return { ...finding, message: `${finding.message}; not mended: ${error.message}`, mended: false };
  }
}

async function change(remedy: Exclude<Remedy, { kind: "restore" }>, runs: RunStore): Promise<void> {
  const { id } = remedy.seen.run;
  await checkUnchanged(remedy.seen, runs);
  // The reason first: a run that is closed without one would not be found again.
  await runs.logBatch(id, { tags: remedy.tags });
  if (remedy.kind === "close") await runs.updateRun(id, { status: remedy.status, endTime: remedy.endTime });
}

/** Looking took its time, in which somebody may have ended the run or taken it up again. */
async function checkUnchanged({ run: seen }: TrackedRun, runs: RunStore): Promise<void> {
  const run = await runs.findRun(seen.id);
  const isSame = run?.status === seen.status && !run.deleted && SIGNS.every((tag) => run.tags[tag] === seen.tags[tag]);
  if (!isSame) throw new StemmaError("FAILED", "it has changed meanwhile");
}

const SIGNS = [RUN_TAGS.heartbeat, RUN_TAGS.session, RUN_TAGS.attempt, RUN_TAGS.supersededBy];
