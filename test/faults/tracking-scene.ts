import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { MlflowClient } from "../../src/mlflow/client.ts";
import type { Run } from "../../src/mlflow/types.ts";
import { readOutbox } from "../../src/tracker/delivery/read-outbox.ts";
import { type Replayed, replay } from "../../src/tracker/delivery/replay.ts";
import type { Random } from "./random.ts";
import { type Tracked, trackHere } from "./tracking-call.ts";
import { outboxesOf } from "./tracking-commands.ts";
import { type DatumJob, makeDatumJob } from "./tracking-job.ts";
import { type Plan, drawPlan, scriptOf } from "./tracking-plan.ts";
import { TrackingProxy } from "./tracking-proxy.ts";

const TIMEOUT_MS = 1000;

/** One command in a job, and the network between it and MLflow. It waits at a gate before its report, and in the middle of it. */
export class Scene {
  readonly plan: Plan;
  readonly job: DatumJob;
  readonly proxy: TrackingProxy;
  readonly said: string[] = [];
  readonly experiment = `outage-${randomUUID()}`;
  readonly #client: MlflowClient;
  readonly #folder: string;

  static async open(uri: string, random: Random, exitCode: Plan["exitCode"] = 0): Promise<Scene> {
    const folder = await mkdtemp(join(tmpdir(), "stemma-outage-"));
    const proxy = await new TrackingProxy(uri, { timeoutMs: TIMEOUT_MS, random: random.fork() }).open();
    const plan = { ...drawPlan(random), exitCode };
    return new Scene(new MlflowClient({ uri }), folder, await makeDatumJob(folder), { plan, proxy });
  }

  private constructor(client: MlflowClient, folder: string, job: DatumJob, { plan, proxy }: Pick<Scene, "plan" | "proxy">) {
    this.#client = client;
    this.#folder = folder;
    this.plan = plan;
    this.job = job;
    this.proxy = proxy;
  }

  /** Tracks the command to its end. */
  async track(options: { isTrackingRequired?: boolean } = {}): Promise<Tracked> {
    const { experiment, job, proxy } = this;
    const report = await scriptOf(this.plan, this.#folder, passGate("end"));
    const script = `cd ${this.#folder}; touch begun; ${passGate("report")}; ${report}`;
    return trackHere({ uri: proxy.uri, timeoutMs: TIMEOUT_MS, experiment, job, script, said: this.said, ...options });
  }

  get hasBegun(): boolean {
    return existsSync(join(this.#folder, "begun"));
  }

  /** Waits until the command has begun. */
  async begun(): Promise<void> {
    await vi.waitUntil(() => this.hasBegun, { timeout: 30_000 });
  }

  /** Waits until the tracker has said it. */
  async says(text: string): Promise<void> {
    await vi.waitUntil(() => this.said.some((line) => line.includes(text)), { timeout: 30_000 });
  }

  /** Lets the command report, and end. */
  async openGates(...gates: readonly ("report" | "end")[]): Promise<void> {
    for (const gate of gates) await writeFile(join(this.#folder, gate), "");
  }

  /** The only run of the command, as MLflow has it. */
  async run(): Promise<Run | undefined> {
    const experimentIds = [await this.#client.experimentId(this.experiment)];
    const [run, ...others] = await Array.fromAsync(this.#client.searchRuns({ experimentIds }));
    if (others.length > 0) throw new Error(`there are ${others.length + 1} runs`);
    return run;
  }

  /** The only outbox, which is in the output. */
  async outbox(): Promise<string> {
    const [folder, ...others] = await outboxesOf(this.job);
    if (folder === undefined || others.length > 0) throw new Error(`beside ${folder} there are ${others.length} outboxes`);
    return folder;
  }

  async replay(): Promise<Replayed> {
    return replay(this.#client, await readOutbox(await this.outbox()), new Date());
  }

  async close(): Promise<void> {
    await this.proxy.close();
    await rm(this.#folder, { recursive: true });
  }
}

function passGate(name: "report" | "end"): string {
  return `while [ ! -e ${name} ]; do sleep 0.05; done`;
}
