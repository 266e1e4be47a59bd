import { randomUUID } from "node:crypto";
import { describe, expect, inject, test } from "vitest";
import { StemmaError } from "../../../src/lineage/errors.ts";
import { MlflowClient } from "../../../src/mlflow/client.ts";
import type { Run } from "../../../src/mlflow/types.ts";
import { openRun } from "../../../src/tracker/delivery/open-run.ts";
import { type OutboxHeader, writeOutbox } from "../../../src/tracker/delivery/outbox.ts";
import { type Outbox, readOutbox } from "../../../src/tracker/delivery/read-outbox.ts";
import { replay } from "../../../src/tracker/delivery/replay.ts";
import { listOf } from "../../mlflow/fixtures.ts";
import { client, makeFolder } from "../harness.ts";
import { ENDED, STARTED, sampleCard, sampleHeader, sampleItems, storeFile } from "./sample-outbox.ts";
import { wantedRun } from "./wanted-run.ts";

const uri = inject("mlflowUri");
const now = new Date("2026-01-03T00:00:00Z");
const ALL_SENT = { params: 2, metrics: 3, tags: 1, inputs: 1, artifact: 3, model: 1 };

async function outboxOf(header: OutboxHeader, items = sampleItems()): Promise<Outbox> {
  const content = { header, items: await items, card: sampleCard(header), limitBytes: 1024 ** 3 };
  return readOutbox(await writeOutbox(await makeFolder(), content));
}

async function runsOf({ experiment }: Pick<OutboxHeader, "experiment">): Promise<Run[]> {
  return listOf(client.searchRuns({ experimentIds: [await client.experimentId(experiment)] }));
}

/** All that MLflow has of a run, each point of its curves, too. */
async function contentOf({ id, experimentId }: Run): Promise<unknown> {
  const { name, status, startTime, endTime, params, datasets, outputs } = await client.inspectRun(id);
  const models = await listOf(client.searchModels({ experimentIds: [experimentId], filter: `source_run_id = '${id}'` }));
  const artifacts = await listOf(client.listArtifacts(id));
  return {
    name,
    status,
    startTime,
    endTime,
    params,
    datasets,
    loss: await historyOf(id, "loss"),
    gain: await historyOf(id, "gain"),
    artifacts: artifacts.map(({ path, sizeBytes }) => [path, sizeBytes]),
    models: models.map((model) => [model.name, model.status, outputs.includes(model.id)]),
  };
}

async function historyOf(id: string, key: string): Promise<unknown> {
  const answer = await fetch(`${uri}/api/2.0/mlflow/metrics/get-history?run_id=${id}&metric_key=${key}`);
  const { metrics } = JSON.parse(await answer.text()) as { metrics: Record<string, unknown>[] };
  return metrics.map(({ value, timestamp, step }) => [value, timestamp, step]);
}

const DELIVERED = {
  name: "tree",
  status: "FAILED",
  startTime: STARTED,
  endTime: ENDED,
  params: { maxDepth: "5", note: "größer" },
  datasets: [{ name: "etl", digest: "a".repeat(32), sourceType: "pachyderm", source: "{}", context: "training" }],
  loss: [
    [0.5, STARTED.getTime(), 1],
    ["NaN", STARTED.getTime() + 1, 2],
  ],
  gain: [[Number.MAX_VALUE, STARTED.getTime(), 0]],
  artifacts: [
    ["copy.txt", 3],
    ["empty", 0],
    ["plots/a b.txt", 3],
  ],
  models: [["model", "READY", true]],
};

/** The real client on a network that goes away after so many files. */
class FailingClient extends MlflowClient {
  #left: number;

  constructor(files: number) {
    super({ uri });
    this.#left = files;
  }

  override putArtifact(...args: Parameters<MlflowClient["putArtifact"]>): Promise<void> {
    if (this.#left-- === 0) return Promise.reject(new StemmaError("UNREACHABLE", "it is gone again"));
    return super.putArtifact(...args);
  }
}

describe.concurrent("replay", () => {
  test("delivers all of it into a run with the true times, and a second time nothing", async () => {
    const header = sampleHeader();
    const outbox = await outboxOf(header);
    const first = await replay(client, outbox, now);
    expect({ ...first, sent: Object.fromEntries(first.sent) }).toMatchObject({ sent: ALL_SENT, refused: [] });
    expect(await contentOf(first.run)).toEqual(DELIVERED);
    expect(first.run.tags).toMatchObject({ ...header.tags, stage: "trial", "stemma.key": header.key, "stemma.attempt": "1" });
    expect(JSON.parse(first.run.tags["stemma.attempts"] ?? "")).toEqual([
      {
        attempt: 1,
        started: STARTED.toISOString(),
        host: "node-1",
        pid: 7,
        ended: ENDED.toISOString(),
        status: "FAILED",
        exitCode: 3,
        reason: "exit code 3",
      },
    ]);

    expect(await replay(client, outbox, now)).toEqual({ run: first.run, sent: new Map(), refused: [] });
    expect(await contentOf(first.run)).toEqual(DELIVERED);
    expect(await runsOf(header)).toHaveLength(1);
  });

  test("that fails midway is taken up again, and nothing arrives twice", async () => {
    const header = sampleHeader();
    const outbox = await outboxOf(header);
    await expect(replay(new FailingClient(1), outbox, now)).rejects.toMatchObject({ code: "UNREACHABLE" });
    const [left] = await runsOf(header);
    expect(left).toMatchObject({ status: "RUNNING", tags: { "stemma.attempt": "1" } });
    const { run } = await replay(client, outbox, now);
    expect(run).toMatchObject({ id: left?.id, tags: { "stemma.attempt": "1" } });
    expect(await contentOf(run)).toEqual(DELIVERED);
    expect(await runsOf(header)).toHaveLength(1);
  });

  test("of what was left of a run goes into that one, and ends it", async () => {
    const wanted = wantedRun();
    const before = await openRun(client, wanted, false);
    const { experiment, key, session } = wanted;
    const header = sampleHeader({ experiment, key, session, runId: before.id, status: "FINISHED", exitCode: 0, how: "" });
    const { run } = await replay(client, await outboxOf(header), now);
    expect(run.id).toBe(before.id);
    expect(await contentOf(run)).toEqual({ ...DELIVERED, status: "FINISHED", startTime: wanted.startTime });
  });

  test("of artifacts alone leaves a run that has ended as it is", async () => {
    const wanted = wantedRun();
    const { id } = await openRun(client, wanted, false);
    await client.updateRun(id, { status: "FAILED", endTime: ENDED });
    const { experiment, key, session } = wanted;
    const header = sampleHeader({ experiment, key, session, runId: id, isEnded: true });
    const items = [{ kind: "artifact" as const, file: await storeFile("late.txt", "late") }];
    const { run } = await replay(client, await outboxOf(header, Promise.resolve(items)), now);
    expect(run).toMatchObject({ id, status: "FAILED", endTime: ENDED });
    expect(await listOf(client.listArtifacts(id))).toEqual([{ path: "late.txt", sizeBytes: 4 }]);
  });

  test("of an attempt that a later one has followed leaves that one the last word", async () => {
    const header = sampleHeader();
    const { experiment, key } = header;
    const startTime = new Date("2026-01-02T12:00:00Z");
    const endTime = new Date("2026-01-02T12:30:00Z");
    const later = await openRun(client, wantedRun({ experiment, key, startTime }), false);
    await client.updateRun(later.id, { status: "FINISHED", endTime });
    const { run } = await replay(client, await outboxOf(header), now);
    expect(run).toMatchObject({ id: later.id, status: "FINISHED", endTime, params: DELIVERED.params });
    expect(await runsOf(header)).toHaveLength(1);
  });

  test("goes to the run that counts when its own was closed as a double", async () => {
    const header = sampleHeader();
    const { experiment, key } = header;
    const winner = await openRun(client, wantedRun({ experiment, key }), false);
    const tags = { "stemma.key": key, "stemma.superseded_by": winner.id };
    const { experimentId } = winner;
    const double = await client.createRun({ experimentId, name: "tree", startTime: STARTED, tags });
    const { run } = await replay(client, await outboxOf({ ...header, runId: double.id }), now);
    expect(run.id).toBe(winner.id);
    expect((await client.inspectRun(double.id)).params).toEqual({});
  });

  test("tells what MLflow does not take, delivers the rest, and can be asked again", async () => {
    const items = [
      { kind: "artifact" as const, file: await storeFile("bad#name", "x") },
      { kind: "params" as const, params: { p: "1" } },
    ];
    const outbox = await outboxOf(sampleHeader(), Promise.resolve(items));
    for (let time = 0; time < 2; time++) {
      const { run, sent, refused } = await replay(client, outbox, now);
      expect(Object.fromEntries(sent)).toEqual({ params: 1 });
      expect(refused).toEqual([expect.stringContaining("bad#name")]);
      expect(run).toMatchObject({ status: "FAILED", params: { p: "1" } });
    }
  });

  test("into a run that somebody deleted is refused", async () => {
    const { id } = await openRun(client, wantedRun(), false);
    await client.deleteRun(id);
    const outbox = await outboxOf(sampleHeader({ runId: id, key: randomUUID() }));
    await expect(replay(client, outbox, now)).rejects.toMatchObject({ code: "USAGE" });
  });
});
