import { cp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, inject, test, vi } from "vitest";
import { MlflowClient } from "../../src/mlflow/client.ts";
import type { Run } from "../../src/mlflow/types.ts";
import { readOutbox } from "../../src/tracker/delivery/read-outbox.ts";
import { seed } from "../helpers/scale.ts";
import { Random } from "./random.ts";
import type { Tracked } from "./tracking-call.ts";
import { checkRun } from "./tracking-check.ts";
import { outboxesOf } from "./tracking-commands.ts";
import type { Plan } from "./tracking-plan.ts";
import type { Schedule } from "./tracking-proxy.ts";
import { TrackerProcess } from "./tracking-process.ts";
import { Scene } from "./tracking-scene.ts";

const client = new MlflowClient({ uri: inject("mlflowUri") });
const random = new Random(seed());

const scenes: Scene[] = [];

afterAll(() => Promise.all(scenes.map((scene) => scene.close())));

async function openScene(exitCode: Plan["exitCode"] = 0): Promise<Scene> {
  const scene = await Scene.open(client.uri, random.fork(), exitCode);
  scenes.push(scene);
  return scene;
}

/** Waits until MLflow has the run. */
async function untilRunning(scene: Scene): Promise<Run> {
  await vi.waitUntil(async () => (await scene.run())?.status === "RUNNING", { timeout: 30_000 });
  return (await scene.run()) as Run;
}

function checkTold({ plan, job }: Scene, run: Run, isRetried = false): Promise<void> {
  return checkRun(client, run, { plan, job, isRetried });
}

/** MLflow was told all of it without a replay. */
async function checkDelivered(scene: Scene, { exitCode }: Tracked, isRetried = false): Promise<void> {
  expect(exitCode).toBe(scene.plan.exitCode);
  expect(await outboxesOf(scene.job)).toEqual([]);
  const run = (await scene.run()) as Run;
  await checkTold(scene, run, isRetried);
  expect(await readdir(scene.job.out)).toContain(run.id);
}

/** What may happen to an outbox on its way. */
const CHANGES: readonly ((folder: string) => Promise<void>)[] = [
  (folder) => replaceIn(join(folder, "items.jsonl"), '"loss"', '"gain"'),
  (folder) => replaceIn(join(folder, "items.jsonl"), /\n.*\n$/, "\n"),
  (folder) => replaceIn(join(folder, "outbox.json"), '"FINISHED"', '"FAILED"'),
  async (folder) => {
    const [name = ""] = await readdir(join(folder, "files"));
    await writeFile(join(folder, "files", name), "something else");
  },
];

async function replaceIn(file: string, text: string | RegExp, other: string): Promise<void> {
  const before = await readFile(file, "utf8");
  const after = before.replace(text, other);
  if (after === before) throw new Error(`nothing to change in ${file}`);
  await writeFile(file, after);
}

const storeIsDown: Schedule = ({ method, path }) =>
  method === "PUT" && path.includes("/mlflow-artifacts/") ? "refuse with a 5xx or 429" : "pass";

// Side by side, the slow ones first: the tracker waits here for a server that does not answer.
describe.concurrent("an outage", () => {
  test("at the end: what was not sent is replayed into the same run, and again without effect", async () => {
    const scene = await openScene();
    const tracking = scene.track();
    await scene.openGates("report");
    const { id } = await untilRunning(scene);
    await scene.proxy.close();
    await scene.openGates("end");
    expect((await tracking).exitCode).toBe(0);
    expect(await scene.run()).toMatchObject({ id, status: "RUNNING" });

    const { run, refused } = await scene.replay();
    expect({ id: run.id, refused }).toEqual({ id, refused: [] });
    await checkTold(scene, run);
    expect(await scene.replay()).toMatchObject({ run, sent: new Map(), refused: [] });
    await checkTold(scene, run);
  });

  test("of the artifact store alone: the rest arrives, and the artifacts are replayed", async () => {
    const scene = await openScene();
    scene.proxy.schedule = storeIsDown;
    await scene.openGates("report", "end");
    const { exitCode } = await scene.track();
    expect(exitCode).toBe(0);
    const { plan } = scene;
    const before = (await scene.run()) as Run;
    expect(before).toMatchObject({ status: "FINISHED", params: plan.params, tags: plan.tags });
    expect(await Array.fromAsync(client.listArtifacts(before.id))).toEqual([]);

    const { run, sent } = await scene.replay();
    expect(Array.from(sent.keys())).toEqual(["artifact"]);
    await checkTold(scene, run);
    expect(run.endTime).toEqual(before.endTime);
  });

  test.each([
    ["refuses connections", (scene: Scene) => scene.proxy.close()],
    ["never answers", (scene: Scene) => void (scene.proxy.schedule = () => "swallow it")],
  ])("for ever, as MLflow %s: the command runs, and its report waits in its output", async (_, goAway) => {
    const scene = await openScene(3);
    await goAway(scene);
    const begun = Date.now();
    await scene.openGates("report", "end");
    expect((await scene.track()).exitCode).toBe(3);
    const ended = Date.now();
    expect(await scene.run()).toBeUndefined();

    const { run } = await scene.replay();
    await checkTold(scene, run);
    expect(run.startTime.getTime()).toBeGreaterThanOrEqual(begun);
    expect(run.endTime?.getTime()).toBeLessThanOrEqual(ended);
  });

  test("and an outbox that was changed: nothing is sent", async () => {
    const scene = await openScene();
    await scene.proxy.close();
    await scene.openGates("report", "end");
    await scene.track();
    const folder = await scene.outbox();
    for (const change of CHANGES) {
      const copy = `${folder}-changed`;
      await cp(folder, copy, { recursive: true });
      await change(copy);
      await expect(readOutbox(copy)).rejects.toMatchObject({ code: "INTEGRITY" });
      await rm(copy, { recursive: true });
    }
  });

  test("at the start: what waits is sent once MLflow is there", async () => {
    const scene = await openScene();
    await scene.proxy.close();
    const tracking = scene.track();
    await scene.openGates("report");
    await scene.begun();
    expect(await scene.run()).toBeUndefined();
    await scene.proxy.open();
    await untilRunning(scene);
    await scene.openGates("end");
    await checkDelivered(scene, await tracking);
  });

  test("in the middle: nothing is lost, and nothing is sent twice", async () => {
    const scene = await openScene();
    const tracking = scene.track();
    await scene.begun();
    await scene.proxy.away(async () => {
      await scene.openGates("report");
      await scene.says("what it reports waits");
    });
    await vi.waitUntil(async () => (await scene.run())?.metrics["loss"] !== undefined, { timeout: 30_000 });
    await scene.openGates("end");
    const tracked = await tracking;
    expect(tracked.said.join("\n")).toContain("FINISHED");
    await checkDelivered(scene, tracked);
  });

  test("with tracking required: the command does not run", async () => {
    const scene = await openScene();
    await scene.proxy.close();
    await expect(scene.track({ isTrackingRequired: true })).rejects.toMatchObject({ code: "UNREACHABLE" });
    expect(scene.hasBegun).toBe(false);
  });

  test("of the tracker itself, which is killed: the next attempt continues its run, and tells what became of the first", async () => {
    const scene = await openScene();
    const tracker = new TrackerProcess({ uri: client.uri, experiment: scene.experiment }, scene.job, "echo ready; sleep 600");
    await tracker.printed();
    const { id } = (await scene.run()) as Run;
    await tracker.kill();
    expect(await scene.run()).toMatchObject({ id, status: "RUNNING" });

    await scene.openGates("report", "end");
    await checkDelivered(scene, await scene.track(), true);
    const { tags, status } = (await scene.run()) as Run;
    expect({ id, status }).toEqual({ id, status: "FINISHED" });
    expect(JSON.parse(tags["stemma.attempts"] ?? "")).toMatchObject([
      { attempt: 1, status: "KILLED", reason: expect.any(String) as string },
      { attempt: 2, status: "FINISHED", exitCode: 0 },
    ]);
  });
});
