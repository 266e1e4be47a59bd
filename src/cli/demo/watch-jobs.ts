import { setTimeout as delay } from "node:timers/promises";
import { StemmaError } from "../../lineage/errors.ts";
import type { PachydermClient } from "../../pachyderm/client.ts";
import type { JobInfo } from "../../pachyderm/types.ts";
import { TERMINAL_JOB_STATES } from "../../pachyderm/types.ts";
import { DEMO_PIPELINES } from "./demo-pipelines.ts";

const POLL_MS = 300;
const LOG_LINES = 8;
const TERMINAL = new Set<string>(TERMINAL_JOB_STATES);

/** Waits until the demo's jobs in the commit set have ended; says each change of their states. */
export async function watchJobs(
  pachyderm: PachydermClient,
  commitSet: string,
  { signal, say }: { signal: AbortSignal; say: (line: string) => void },
): Promise<readonly JobInfo[]> {
  const said = new Map<string, string>();
  for (;;) {
    const jobs = await demoJobs(pachyderm, commitSet);
    for (const info of jobs) {
      const { name } = info.job.pipeline;
      if (said.get(name) !== info.state) say(`${name}: ${describe(info)}`);
      said.set(name, info.state);
    }
    if (jobs.length === DEMO_PIPELINES.length && jobs.every(({ state }) => TERMINAL.has(state))) return jobs;
    signal.throwIfAborted();
    await delay(POLL_MS);
  }
}

/** Rejects with the reason of the first job that went wrong, after the end of its log. */
export async function requireSuccess(
  pachyderm: PachydermClient,
  jobs: readonly JobInfo[],
  say: (line: string) => void,
): Promise<void> {
  const failed =
    jobs.find(({ state }) => state === "JOB_FAILURE" || state === "JOB_KILLED") ??
    jobs.find(({ state }) => state !== "JOB_SUCCESS");
  if (failed === undefined) return;
  const { pipeline, id } = failed.job;
  for (const line of await lastLines(pachyderm, failed)) say(`${pipeline.name} | ${line}`);
  throw new StemmaError("FAILED", `the job ${pipeline.name}@${id} failed: ${failed.reason || failed.state};`, {
    hint: `the end of its log is above, all of it shows: npx stemma logs ${pipeline.name}@${id}`,
  });
}

async function demoJobs(pachyderm: PachydermClient, commitSet: string): Promise<readonly JobInfo[]> {
  const all = await Array.fromAsync(pachyderm.inspectJobSet(commitSet));
  return DEMO_PIPELINES.map((name) => all.find(({ job }) => job.pipeline.name === name)).filter((info) => info !== undefined);
}

async function lastLines(pachyderm: PachydermClient, { job }: JobInfo): Promise<readonly string[]> {
  const lines = await Array.fromAsync(pachyderm.logs({ job }));
  return lines
    .filter(({ user }) => user)
    .slice(-LOG_LINES)
    .map(({ message }) => message.trimEnd());
}

function describe({ state, datums, reason }: JobInfo): string {
  const word = state.replace(/^JOB_/, "").toLowerCase();
  if (!TERMINAL.has(state)) return word;
  const skipped = datums.skipped > 0 ? `, ${datums.skipped} skipped as nothing in them changed` : "";
  return `${word}, ${datums.total} ${datums.total === 1 ? "datum" : "datums"}${skipped}${reason === "" ? "" : `: ${reason}`}`;
}
