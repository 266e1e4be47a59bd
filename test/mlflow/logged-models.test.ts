import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { MlflowClient } from "../../src/mlflow/client.ts";
import { quoteFilterValue } from "../../src/mlflow/filter.ts";
import type { LoggedModel, Run } from "../../src/mlflow/types.ts";
import { listOf, newExperiment } from "./fixtures.ts";

const client = new MlflowClient({ uri: inject("mlflowUri"), pageSize: 1 });
let experimentId = "";
let folder = "";

beforeAll(async () => {
  experimentId = await client.experimentId(newExperiment());
  folder = await mkdtemp(join(tmpdir(), "stemma-test-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function createRun(): Promise<Run> {
  return client.createRun({ experimentId, name: "a run", startTime: new Date(), tags: {} });
}

function modelsOf(run: Run): Promise<LoggedModel[]> {
  return listOf(client.searchModels({ experimentIds: [experimentId], filter: `source_run_id = ${quoteFilterValue(run.id)}` }));
}

describe("logged models", () => {
  test("a model is made, filled, finished, named as its run's, and found in all pages until it is deleted", async () => {
    const run = await createRun();
    const tags = { "stemma.digest": "sha256:1" };
    const params = { depth: "5" };
    const model = await client.createModel({ experimentId, name: "tree", sourceRunId: run.id, tags, params });
    expect(model).toEqual({
      id: expect.stringMatching(/^m-/),
      experimentId,
      name: "tree",
      status: "PENDING",
      artifactUri: `mlflow-artifacts:/${experimentId}/models/${model.id}/artifacts`,
      sourceRunId: run.id,
      tags,
      params,
      metrics: {},
      created: expect.any(Date),
      updated: model.created,
    });
    const file = join(folder, "MLmodel");
    await writeFile(file, "flavors: {}\n");
    let sent = 0;
    await client.putModelFile(model, "data/MLmodel", { file, onBytes: (count) => (sent += count) });
    expect(sent).toBe(12);
    const url = `${client.uri}/api/2.0/mlflow-artifacts/artifacts${new URL(model.artifactUri).pathname}/data/MLmodel`;
    expect(await (await fetch(url)).text()).toBe("flavors: {}\n");
    await client.finishModel(model.id, "READY");
    const second = await client.createModel({ experimentId, name: "tree", sourceRunId: run.id, tags: {} });
    const ready = { ...model, status: "READY", updated: expect.any(Date) };
    expect(await modelsOf(run)).toEqual([ready, second]);
    await client.deleteModel(second.id);
    await client.deleteModel(second.id);
    expect(await modelsOf(run)).toEqual([ready]);
  });

  test("a run's outputs can be told again, also with more of them", async () => {
    const run = await createRun();
    await client.logOutputs(run.id, ["m-1"]);
    await client.logOutputs(run.id, ["m-1"]);
    await client.logOutputs(run.id, ["m-1", "m-2"]);
    expect((await client.inspectRun(run.id)).outputs.toSorted()).toEqual(["m-1", "m-2"]);
    await expect(client.logOutputs("0".repeat(32), ["m-1"])).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("a server that does not know them is UNSUPPORTED", async () => {
    const old = createServer((request, response) => {
      request.resume().on("end", () => response.writeHead(404).end("<!doctype html><h1>Not Found</h1>"));
    }).listen(0, "127.0.0.1");
    await once(old, "listening");
    const oldClient = new MlflowClient({ uri: `http://127.0.0.1:${(old.address() as AddressInfo).port}` });
    const model = oldClient.createModel({ experimentId: "1", name: "tree", sourceRunId: "r", tags: {} });
    await expect(model).rejects.toMatchObject({ code: "UNSUPPORTED", message: expect.stringContaining("has no logged models") });
    old.close();
  });
});

describe("runs that come and go", () => {
  test("a run can be deleted, restored and renamed, and each of it said twice", async () => {
    const run = await createRun();
    for (let time = 0; time < 2; time++) await client.deleteRun(run.id);
    expect(await client.inspectRun(run.id)).toMatchObject({ deleted: true });
    for (let time = 0; time < 2; time++) await client.restoreRun(run.id);
    for (let time = 0; time < 2; time++) await client.updateRun(run.id, { name: "renamed" });
    expect(await client.inspectRun(run.id)).toMatchObject({ deleted: false, name: "renamed", status: "RUNNING" });
  });

  test("findExperiment makes none, and finds a deleted one", async () => {
    const name = newExperiment();
    expect(await client.findExperiment(name)).toBeUndefined();
    const id = await client.experimentId(name);
    expect(await client.findExperiment(name)).toEqual({ id, name, deleted: false });
  });
});
