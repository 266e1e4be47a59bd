import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { MlflowClient } from "../../src/mlflow/client.ts";
import { keyProblem } from "../../src/mlflow/key.ts";
import type { Run } from "../../src/mlflow/types.ts";
import { listOf, newExperiment } from "./fixtures.ts";

const client = new MlflowClient({ uri: inject("mlflowUri"), pageSize: 2 });
const startTime = new Date(1_700_000_000_123);
const UNKNOWN_ID = "0".repeat(32);
let experimentId = "";
let folder = "";

beforeAll(async () => {
  experimentId = await client.experimentId(newExperiment());
  folder = await mkdtemp(join(tmpdir(), "stemma-test-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function createRun(tags: Record<string, string> = {}): Promise<Run> {
  return client.createRun({ experimentId, name: "a run", startTime, tags });
}

function many(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, `v${index}`]));
}

async function post(method: string, body: unknown): Promise<unknown> {
  const answer = await fetch(`${client.uri}/api/2.0/mlflow/${method}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return answer.json();
}

describe("experiments", () => {
  test("an experiment is made once, also by eight callers at the same moment", async () => {
    const name = newExperiment();
    const ids = await Promise.all(Array.from({ length: 8 }, () => client.experimentId(name)));
    expect(new Set(ids).size).toBe(1);
    expect(await client.experimentId(name)).toBe(ids[0]);
    const listed = await listOf(client.listExperiments());
    expect(listed).toContainEqual({ id: ids[0], name });
  });

  test("a deleted experiment is a usage error with the way out", async () => {
    const name = newExperiment();
    const id = await client.experimentId(name);
    await post("experiments/delete", { experiment_id: id });
    await expect(client.experimentId(name)).rejects.toMatchObject({
      code: "USAGE",
      hint: expect.stringContaining(`--experiment-id ${id}`),
    });
  });

  test("the runs of a deleted experiment are still found", async () => {
    const name = newExperiment();
    const experimentId = await client.experimentId(name);
    const run = await client.createRun({ experimentId, name: "kept", startTime: new Date(), tags: { "stemma.test": name } });
    await post("experiments/delete", { experiment_id: experimentId });
    expect(await listOf(client.listExperiments())).toContainEqual({ id: experimentId, name });
    const found = await listOf(
      client.searchRuns({ experimentIds: [experimentId], filter: `tags.\`stemma.test\` = '${name}'`, includeDeleted: true }),
    );
    expect(found.map(({ id }) => id)).toEqual([run.id]);
  });
});

describe("runs", () => {
  test("a run comes back as it was created, and ends as it is told", async () => {
    const run = await createRun({ "mlflow.user": "alice", "a.b": "c'd\"e" });
    expect(run).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      experimentId,
      name: "a run",
      status: "RUNNING",
      startTime,
      endTime: undefined,
      artifactUri: `mlflow-artifacts:/${experimentId}/${run.id}/artifacts`,
      deleted: false,
      tags: { "mlflow.runName": "a run", "mlflow.user": "alice", "a.b": "c'd\"e" },
      params: {},
      metrics: {},
      datasets: [],
      outputs: [],
      modelInputs: [],
    });
    const endTime = new Date(1_700_000_009_000);
    await client.updateRun(run.id, { status: "FINISHED", endTime });
    expect(await client.inspectRun(run.id)).toEqual({ ...run, status: "FINISHED", endTime });
    await client.updateRun(run.id, { status: "RUNNING" });
    expect(await client.inspectRun(run.id)).toMatchObject({ status: "RUNNING" });
    expect(client.runLink(run)).toBe(`${client.uri}/#/experiments/${experimentId}/runs/${run.id}`);
  });

  test("an unknown run is NOT_FOUND, or undefined to those who expect it", async () => {
    await expect(client.inspectRun(UNKNOWN_ID)).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await client.findRun(UNKNOWN_ID)).toBeUndefined();
  });

  test("150 params, 2,500 metrics and 150 tags arrive", async () => {
    const run = await createRun();
    const metrics = Array.from({ length: 2500 }, (_, step) => ({ key: `m${step % 3}`, value: step, time: startTime, step }));
    await client.logBatch(run.id, { params: many(150), metrics, tags: many(150) });
    const read = await client.inspectRun(run.id);
    expect(read.params).toEqual(many(150));
    expect(read.tags).toMatchObject(many(150));
    expect(read.metrics).toEqual({ m0: 2499, m1: 2497, m2: 2498 });
    const history = await fetch(`${client.uri}/api/2.0/mlflow/metrics/get-history?run_id=${run.id}&metric_key=m0`);
    expect(((await history.json()) as { metrics: unknown[] }).metrics).toHaveLength(834);
  });

  test("the same batch again changes nothing, NaN stays NaN, an empty value stays empty", async () => {
    const run = await createRun();
    const batch = {
      params: { long: "x".repeat(7000), empty: "" },
      metrics: [{ key: "m", value: NaN, time: startTime, step: -3 }],
    };
    await client.logBatch(run.id, batch);
    await client.logBatch(run.id, batch);
    expect(await client.inspectRun(run.id)).toMatchObject({ params: { long: "x".repeat(6000), empty: "" }, metrics: { m: NaN } });
  });

  test("a param that changes is a usage error", async () => {
    const run = await createRun();
    await client.logBatch(run.id, { params: { lr: "0.1" } });
    await expect(client.logBatch(run.id, { params: { lr: "0.2" } })).rejects.toMatchObject({ code: "USAGE" });
  });

  test.each([
    "loss",
    "a/b c-d_e.f:g",
    "größe",
    "",
    "x".repeat(251),
    "..",
    "..a",
    ".",
    "./a",
    "a/../b",
    "/abs",
    "a//b",
    "a/",
    "a#b",
    'a"b',
    "😀",
  ])("keyProblem tells for %j what the server says", async (key) => {
    const run = await createRun();
    const outcome = await client.logBatch(run.id, { metrics: [{ key, value: 1, time: startTime, step: 0 }] }).then(
      () => "taken",
      (error: { code: string }) => error.code,
    );
    expect(outcome).toBe(keyProblem(key) === undefined ? "taken" : "USAGE");
  });

  test("data sets come back with their context, and a repetition adds none", async () => {
    const run = await createRun();
    const datasets = [
      {
        name: "etl",
        digest: "a".repeat(32),
        sourceType: "pachyderm",
        source: '{"uri":"pachyderm://default/etl@a:/"}',
        context: "training",
      },
      { name: "raw", digest: "b".repeat(32), sourceType: "pachyderm", source: "{}", context: undefined },
    ];
    await client.logInputs(run.id, datasets);
    await client.logInputs(run.id, datasets);
    const read = await client.inspectRun(run.id);
    expect(read.datasets.toSorted((a, b) => a.name.localeCompare(b.name))).toEqual(datasets);
  });
});

describe("searchRuns", () => {
  test("finds runs by a tag, in all pages, oldest first, and deleted ones when asked", async () => {
    const ids: string[] = [];
    for (let index = 0; index < 3; index++) {
      const run = await client.createRun({
        experimentId,
        name: "x",
        startTime: new Date(startTime.getTime() + index),
        tags: { "stemma.key": "it's" },
      });
      ids.push(run.id);
    }
    const search = { experimentIds: [experimentId], filter: 'tags.`stemma.key` = "it\'s"' };
    const found = async (options = {}): Promise<string[]> =>
      (await listOf(client.searchRuns({ ...search, ...options }))).map(({ id }) => id);
    expect(await found()).toEqual(ids);
    await post("runs/delete", { run_id: ids[1] });
    expect(await found()).toEqual([ids[0], ids[2]]);
    expect(await found({ includeDeleted: true })).toEqual(ids);
    expect(await found({ experimentIds: [] })).toEqual([]);
  });
});

describe("artifacts", () => {
  test("files of any name that MLflow keeps, of no bytes and of folders are listed as they were put", async () => {
    const run = await createRun();
    const file = join(folder, "content");
    const empty = join(folder, "empty");
    await writeFile(file, "hello");
    await writeFile(empty, "");
    const paths = ["a.txt", "model/data/sp ace+ü.bin", "100%/5%g;:&=?.txt"];
    for (const path of paths) await client.putArtifact(run, path, { file });
    await client.putArtifact(run, "model/_SUCCESS", { file: empty });
    const listed = await listOf(client.listArtifacts(run.id));
    expect(listed.toSorted((a, b) => a.path.localeCompare(b.path))).toEqual(
      [...paths.map((path) => ({ path, sizeBytes: 5 })), { path: "model/_SUCCESS", sizeBytes: 0 }].toSorted((a, b) =>
        a.path.localeCompare(b.path),
      ),
    );
  });

  test("a name that MLflow would change, a file that is gone, and a place without proxy are refused", async () => {
    const run = await createRun();
    const file = join(folder, "content");
    await expect(client.putArtifact(run, "%41.txt", { file })).rejects.toMatchObject({ code: "USAGE" });
    await expect(client.putArtifact(run, "a.txt", { file: join(folder, "none") })).rejects.toMatchObject({ code: "FAILED" });
    await expect(client.putArtifact({ ...run, artifactUri: "s3://bucket/x" }, "a.txt", { file })).rejects.toMatchObject({
      code: "UNSUPPORTED",
    });
    expect(await listOf(client.listArtifacts(run.id))).toEqual([]);
  });
});

describe("the model registry", () => {
  test("lists the versions that came out of a run", async () => {
    const run = await createRun();
    const name = newExperiment();
    await post("registered-models/create", { name });
    const source = `${run.artifactUri}/model`;
    await post("model-versions/create", { name, source, run_id: run.id });
    await post("registered-models/alias", { name, alias: "champion", version: "1" });
    expect(await listOf(client.listModelVersions({ runId: run.id }))).toEqual([
      { name, version: "1", runId: run.id, source, aliases: ["champion"], stage: "None", tags: {}, created: expect.any(Date) },
    ]);
    expect(await listOf(client.listModelVersions({ runId: UNKNOWN_ID }))).toEqual([]);
  });
});

test("checkHealth resolves", async () => {
  await expect(client.checkHealth()).resolves.toBeUndefined();
});
