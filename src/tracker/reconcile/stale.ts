import { type JobInfo, type JobName, TERMINAL_JOB_STATES } from "../../pachyderm/types.ts";
import { closeOpenAttempts, formatAttempts, parseAttempts } from "../delivery/attempts.ts";
import { RUN_TAGS } from "../delivery/run-tags.ts";
import type { Finding } from "./finding.ts";
import { formatJob } from "./names.ts";
import type { ProcessTable } from "./ports.ts";
import type { TrackedRun } from "./tracked-run.ts";

/** What tells whether a run's tracker is still there. */
export interface SignsOfLife {
  readonly findJob: (job: JobName) => Promise<JobInfo | undefined>;
  readonly processes: ProcessTable;
  readonly now: Date;
  readonly staleAfterMs: number;
}

/** What is wrong with a run that says that it runs, when nobody is left who could end it. */
export async function findStale(tracked: TrackedRun, signs: SignsOfLife): Promise<Finding | undefined> {
  if (tracked.run.status !== "RUNNING") return undefined;
  const reason = await whyStale(tracked, signs);
  if (reason === undefined) return undefined;
  // Without a heartbeat there is only the start: then it ends now, as it may have run for long.
  const ended = tracked.lastSign > tracked.run.startTime ? tracked.lastSign : signs.now;
  const attempts = closeOpenAttempts(parseAttempts(tracked.run.tags[RUN_TAGS.attempts]), ended, reason);
  const tags = { [RUN_TAGS.closedBecause]: reason, [RUN_TAGS.attempts]: formatAttempts(attempts) };
  return {
    kind: "stale-run",
    run: tracked.run.id,
    key: tracked.key,
    message: reason,
    remedy: { kind: "close", seen: tracked, status: "KILLED", endTime: ended, tags },
  };
}

async function whyStale(tracked: TrackedRun, signs: SignsOfLife): Promise<string | undefined> {
  const { job, host, pid, pidStarted } = tracked;
  if (job !== undefined) return whyJobIsOver(job, tracked, signs);
  if (pid === undefined || host !== signs.processes.host) return whySilent(tracked, signs);
  const found = signs.processes.findProcess(pid);
  if (found === undefined) return `its tracker, process ${pid} on ${host}, is gone`;
  if (found.started === undefined || pidStarted === undefined) return whySilent(tracked, signs);
  return found.started === pidStarted ? undefined : `its tracker is gone: process ${pid} on ${host} is another one now`;
}

/** A job that is not there may be one of another Pachyderm: there a tracker may live, and gives signs of it. */
async function whyJobIsOver(job: JobName, tracked: TrackedRun, signs: SignsOfLife): Promise<string | undefined> {
  const info = await signs.findJob(job);
  if (info !== undefined) {
    const hasEnded = TERMINAL_JOB_STATES.some((state) => state === info.state);
    return hasEnded ? `job ${formatJob(job)} has ended with ${info.state}` : undefined;
  }
  const silence = whySilent(tracked, signs);
  return silence === undefined ? undefined : `job ${formatJob(job)} is not there, and ${silence}`;
}

function whySilent({ lastSign }: TrackedRun, { now, staleAfterMs }: SignsOfLife): string | undefined {
  const isSilent = now.getTime() - lastSign.getTime() > staleAfterMs;
  return isSilent ? `its tracker gave no sign since ${lastSign.toISOString()}` : undefined;
}
