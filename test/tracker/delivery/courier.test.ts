import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { MlflowClient } from "../../../src/mlflow/client.ts";
import { Courier } from "../../../src/tracker/delivery/courier.ts";
import { type Item, metricItems } from "../../../src/tracker/delivery/items.ts";
import type { WantedRun } from "../../../src/tracker/delivery/open-run.ts";
import { RunDoor } from "../../../src/tracker/delivery/run-door.ts";
import { freePort } from "../../helpers/mlflow-server.ts";
import { listOf } from "../../mlflow/fixtures.ts";
import { client, makeFolder } from "../harness.ts";
import { plainNetwork } from "../../faults/tracking-proxy.ts";
import { sampleItems } from "./sample-outbox.ts";
import { wantedRun } from "./wanted-run.ts";

const couriers: Courier[] = [];

const relay = plainNetwork(client.uri);

afterAll(async () => {
  for (const courier of couriers) courier.close();
  await relay.close();
});

/** A courier whose clock goes on by a second whenever it looks. */
async function openCourier(runs: MlflowClient, wanted: WantedRun, spoolLimitBytes = 1e6): Promise<Courier> {
  let timeMs = 0;
  const courier = new Courier({
    runs,
    door: new RunDoor(runs, wanted),
    spoolFile: join(await makeFolder(), "spool"),
    spoolLimitBytes,
    now: () => new Date((timeMs += 1000)),
  });
  couriers.push(courier);
  return courier;
}

async function nobody(): Promise<MlflowClient> {
  return new MlflowClient({ uri: `http://127.0.0.1:${await freePort()}` });
}

function tag(value: string): Item {
  return { kind: "tags", tags: { key: value } };
}

describe.concurrent("Courier", () => {
  test("brings all kinds of items to one run", async () => {
    const wanted = wantedRun({ isKeyNew: true });
    const courier = await openCourier(client, wanted);
    expect([courier.run, courier.isIdle, courier.isOnline]).toEqual([undefined, true, false]);
    for (const item of await sampleItems()) courier.add(item);
    courier.add({ kind: "tags", tags: {} });
    expect(courier.isIdle).toBe(false);
    await courier.finish();
    expect([courier.undelivered(), courier.dropped.size, courier.isIdle, courier.isOnline]).toEqual([[], 0, true, true]);
    const found = await listOf(client.searchRuns({ experimentIds: [courier.run?.experimentId ?? ""] }));
    expect(found).toMatchObject([
      { id: courier.run?.id, params: { maxDepth: "5" }, tags: { stage: "trial" }, datasets: [{ name: "etl" }] },
    ]);
    expect(found[0]?.outputs).toHaveLength(1);
  });

  test("what finds no room is counted by kind, and the rest still goes its way", async () => {
    const courier = await openCourier(await nobody(), wantedRun(), 150);
    courier.add(tag("a".repeat(60)));
    courier.add(tag("b".repeat(60)));
    courier.add({ kind: "params", params: { long: "c".repeat(200) } });
    courier.add({ kind: "params", params: { longer: "d".repeat(200) } });
    courier.add(tag("e"));
    expect(Object.fromEntries(courier.dropped)).toEqual({ tags: 1, params: 2 });
    expect(courier.undelivered().map(({ item }) => item)).toEqual([tag("a".repeat(60)), tag("e")]);
  });

  test("gives up when nobody answers, and has all that was not delivered in its order", async () => {
    const courier = await openCourier(await nobody(), wantedRun());
    const points = Array.from({ length: 2500 }, (_, step) => ({ key: "loss", value: step, step, time: new Date(step) }));
    const items = [tag("1"), ...metricItems(points), ...(await sampleItems()), tag("2")];
    for (const item of items) courier.add(item);
    await courier.pump();
    expect(courier.obstacle).toMatchObject({ code: "UNREACHABLE" });
    await courier.finish();
    expect(courier.undelivered().map(({ item }) => item)).toEqual(items);
    expect(courier.run).toBeUndefined();
  });
});

describe.concurrent("RunDoor", () => {
  test("opens one run for all who come, at once or later", async () => {
    const wanted = wantedRun({ isKeyNew: true });
    const door = new RunDoor(client, wanted);
    const [a, b] = await Promise.all([door.open(), door.open()]);
    expect(a).toBe(b);
    expect(await door.open()).toBe(a);
    expect(door.run).toBe(a);
    expect(await listOf(client.searchRuns({ experimentIds: [a?.experimentId ?? ""] }))).toHaveLength(1);
  });

  test("stays closed while MLflow is away, and can be tried again", async () => {
    await relay.open();
    const door = new RunDoor(new MlflowClient({ uri: relay.uri }), wantedRun());
    await relay.close();
    await expect(door.open()).rejects.toMatchObject({ code: "UNREACHABLE" });
    expect(door.run).toBeUndefined();
    await relay.open();
    expect(await door.open()).toMatchObject({ status: "RUNNING", tags: { "stemma.attempt": "1" } });
  });
});
