import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import type { MlflowClient } from "../../src/mlflow/client.ts";
import type { Run } from "../../src/mlflow/types.ts";
import type { DatumJob } from "./tracking-job.ts";
import type { Plan } from "./tracking-plan.ts";

export interface Expected {
  readonly plan: Plan;
  readonly job: DatumJob;
  /** Whether an earlier attempt was killed in the middle of the same report. */
  readonly isRetried: boolean;
}

/** Runs by the key that they stand for; those that lost to another run of their key are not among them. */
export async function liveRuns(client: MlflowClient, experiment: string): Promise<{ live: Map<string, Run[]>; losers: Run[] }> {
  const live = new Map<string, Run[]>();
  const losers: Run[] = [];
  for await (const run of client.searchRuns({ experimentIds: [await client.experimentId(experiment)] })) {
    if (run.tags["stemma.superseded_by"] !== undefined) losers.push(run);
    else live.set(run.tags["stemma.key"] ?? "", [...(live.get(run.tags["stemma.key"] ?? "") ?? []), run]);
  }
  return { live, losers };
}

/** All that a command has reported is in its run, once. */
export async function checkRun(client: MlflowClient, run: Run, { plan, job, isRetried }: Expected): Promise<void> {
  expect(run).toMatchObject({ status: plan.exitCode === 0 ? "FINISHED" : "FAILED", params: plan.params, tags: plan.tags });
  expect(run.endTime?.getTime()).toBeGreaterThanOrEqual(run.startTime.getTime());
  expect(await history(client, run, "loss")).toEqual(plan.loss.map(({ step, value, timeMs }) => [step, value, timeMs]));
  const load = await history(client, run, "load");
  expect(load.map(([step, value]) => [step, value])).toEqual(plan.load.map((value, step) => [step, value]));
  expect(await readArtifacts(client, run, Object.keys(plan.artifacts))).toEqual(plan.artifacts);
  expect(run.datasets.map(({ name, digest }) => [name, digest])).toEqual([["etl", job.env["etl_COMMIT"]]]);
  checkAttempts(run, isRetried);
}

/** The run card is in the output; that of a run which MLflow did not know yet is in its outbox. */
export async function checkCard({ plan, job }: Expected, run: Run, outboxes: readonly string[]): Promise<void> {
  const isInOutput = (await readdir(job.out)).includes(run.id);
  const file = isInOutput ? join(job.out, run.id) : join(outboxes[0] ?? "no card", "card.json");
  const card: unknown = JSON.parse(await readFile(file, "utf8"));
  const { status, params } = run;
  expect(card).toMatchObject({ key: job.key, status, exitCode: plan.exitCode, params });
}

function checkAttempts(run: Run, isRetried: boolean): void {
  const attempts = JSON.parse(run.tags["stemma.attempts"] ?? "[]") as { status?: string; ended?: string }[];
  const last = attempts.at(-1);
  expect(last).toMatchObject({ status: run.status, ended: run.endTime?.toISOString() });
  expect(attempts.slice(0, -1).map(({ status }) => status)).toEqual(isRetried && attempts.length === 2 ? ["KILLED"] : []);
}

/** All points of a metric as [step, value, time], by step. */
async function history(client: MlflowClient, run: Run, key: string): Promise<[number, number, number][]> {
  const query = new URLSearchParams({ run_id: run.id, metric_key: key });
  const answer = await fetch(`${client.uri}/api/2.0/mlflow/metrics/get-history?${query.toString()}`);
  const { metrics = [] } = (await answer.json()) as { metrics?: { value: number; timestamp: number; step?: number }[] };
  return metrics
    .map(({ value, timestamp, step = 0 }): [number, number, number] => [step, value, timestamp])
    .sort((a, b) => a[0] - b[0] || a[2] - b[2]);
}

/** What the command left as artifacts, by path; what the tracker adds of its own is not looked at. */
async function readArtifacts(client: MlflowClient, run: Run, paths: readonly string[]): Promise<Record<string, string>> {
  const found = new Set((await Array.fromAsync(client.listArtifacts(run.id))).map(({ path }) => path));
  const contents: Record<string, string> = {};
  for (const path of paths.filter((wanted) => found.has(wanted))) {
    const query = new URLSearchParams({ run_uuid: run.id, path });
    contents[path] = await (await fetch(`${client.uri}/get-artifact?${query.toString()}`)).text();
  }
  return contents;
}
