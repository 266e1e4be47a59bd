import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Random } from "./random.ts";
import type { Expected } from "./tracking-check.ts";
import { type Tracked, type TrackingPlace, trackHere } from "./tracking-call.ts";
import { type DatumJob, makeDatumJob } from "./tracking-job.ts";
import { TrackerProcess } from "./tracking-process.ts";
import { drawPlan, scriptOf, unfinishedScript } from "./tracking-plan.ts";

export interface Done extends Expected, Tracked {}

/** A command, tracked to its end; some are begun by a tracker that is killed with it. */
export async function runCommand(setting: TrackingPlace, random: Random, folder: string): Promise<Done> {
  await mkdir(folder);
  const isRetried = random.chance(0.1);
  // What is reported without a time is at another time in each attempt.
  const plan = { ...drawPlan(random), ...(isRetried ? { load: [] } : {}) };
  const job = await makeDatumJob(folder);
  const script = await scriptOf(plan, folder);
  if (isRetried) await killAttempt(setting, random, job, unfinishedScript(folder));
  const tracked = await trackHere({ ...setting, job, script });
  return { plan, job, isRetried, ...tracked };
}

/** Where a datum's output holds what MLflow was not told. */
export async function outboxesOf({ out }: DatumJob): Promise<string[]> {
  const place = join(out, ".stemma", "outbox");
  try {
    return (await readdir(place)).map((name) => join(place, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** An attempt that is killed at a random instant. */
async function killAttempt(place: TrackingPlace, random: Random, job: DatumJob, script: string): Promise<void> {
  const tracker = new TrackerProcess(place, job, script);
  // Some are killed before their command has begun, or before there is a run.
  if (random.chance(0.7)) await Promise.race([tracker.printed(), pause(3000)]);
  await pause(random.below(1000));
  await tracker.kill();
}
