import { beforeAll, describe, expect, inject, test } from "vitest";
import { syncMlflow } from "../../src/collect/mlflow-sync.ts";
import { LineageIndex } from "../../src/lineage/store/lineage-index.ts";
import { dump } from "../../src/lineage/store/dump.ts";
import { formatUrn } from "../../src/lineage/urn.ts";
import type { MlflowClientOptions } from "../../src/mlflow/client.ts";
import { MlflowClient } from "../../src/mlflow/client.ts";
import type { Experiment, ModelVersion, RegisteredModel, Run } from "../../src/mlflow/types.ts";
import { listOf, newExperiment } from "./fixtures.ts";

const client = new MlflowClient({ uri: inject("mlflowUri") });
let experimentId = "";

beforeAll(async () => {
  experimentId = await client.experimentId(newExperiment());
});

/** What only other programs do with a registry. */
async function call(method: "POST" | "PATCH" | "DELETE", path: string, body: object): Promise<void> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${client.uri}/api/2.0/mlflow/${path}`, { method, headers, body: JSON.stringify(body) });
  expect(answer.status).toBe(200);
}

function createRun(startTime = new Date()): Promise<Run> {
  return client.createRun({ experimentId, name: "a run", startTime, tags: {} });
}

async function createVersion(name: string, run: Run): Promise<void> {
  await call("POST", "model-versions/create", { name, source: `runs:/${run.id}/model`, run_id: run.id });
}

async function inspectModel(name: string): Promise<RegisteredModel | undefined> {
  return (await listOf(client.listRegisteredModels())).find((model) => model.name === name);
}

function versionsOf(name: string): Promise<ModelVersion[]> {
  return listOf(client.listVersionsOf(name));
}

describe("the registry", () => {
  test("names are listed with aliases and newest versions; an alias and a tag leave the time as it is, a stage moves it", async () => {
    const name = newExperiment();
    const run = await createRun();
    await call("POST", "registered-models/create", { name });
    await createVersion(name, run);
    await createVersion(name, run);
    const before = await inspectModel(name);
    expect(before).toMatchObject({ name, aliases: {}, latest: [{ version: "2", runId: run.id, stage: "None", tags: {} }] });
    await call("POST", "registered-models/alias", { name, alias: "champion", version: "1" });
    await call("POST", "model-versions/set-tag", { name, version: "2", key: "approved", value: "yes" });
    const after = await inspectModel(name);
    expect(after).toMatchObject({ aliases: { champion: "1" }, latest: [{ version: "2", tags: { approved: "yes" } }] });
    expect(after?.updated).toEqual(before?.updated);
    const staging = { name, version: "1", stage: "Staging", archive_existing_versions: false };
    await call("POST", "model-versions/transition-stage", staging);
    const staged = await inspectModel(name);
    expect(staged?.updated.getTime()).toBeGreaterThan(before?.updated.getTime() ?? 0);
    const stages = (await versionsOf(name)).map(({ version, stage }) => `${version} ${stage}`);
    expect(stages.toSorted()).toEqual(["1 Staging", "2 None"]);
  });

  test.each(["it's", 'said "so"', `it's "both"`])("the versions under a name such as %s are found", async (word) => {
    const name = `${word} ${newExperiment()}`;
    await call("POST", "registered-models/create", { name });
    await createVersion(name, await createRun());
    expect((await versionsOf(name)).map((each) => each.name)).toEqual([name]);
  });
});

describe("the number of runs", () => {
  test("is told as fewer, the same or more, deleted runs counted in or alone", async () => {
    const experimentIds = [await client.experimentId(newExperiment())];
    const compare = (count: number, onlyDeleted = false): ReturnType<MlflowClient["compareRunCount"]> =>
      client.compareRunCount({ experimentIds, count, onlyDeleted });
    expect([await compare(0), await compare(1), await compare(2)]).toEqual(["same", "fewer", "fewer"]);
    for (let each = 0; each < 3; each += 1)
      await client.createRun({ experimentId: experimentIds[0] ?? "", name: "r", startTime: new Date(), tags: {} });
    const [first] = await listOf(client.searchRuns({ experimentIds }));
    await client.deleteRun(first?.id ?? "");
    const counts = await Promise.all([0, 1, 2, 3, 4].map((count) => compare(count)));
    expect(counts).toEqual(["more", "more", "more", "same", "fewer"]);
    const deleted = await Promise.all([0, 1, 2].map((count) => compare(count, true)));
    expect(deleted).toEqual(["more", "same", "fewer"]);
    expect(await listOf(client.searchRuns({ experimentIds, onlyDeleted: true }))).toMatchObject([
      { id: first?.id, deleted: true },
    ]);
  });
});

/** One experiment and one name in the registry of a server that other tests use as well. */
class PartOfMlflow extends MlflowClient {
  readonly #part: { readonly experiment: Experiment; readonly model: string };

  constructor(options: MlflowClientOptions, part: { readonly experiment: Experiment; readonly model: string }) {
    super(options);
    this.#part = part;
  }

  override async *listExperiments(): AsyncIterable<Experiment> {
    yield this.#part.experiment;
  }

  override async *listRegisteredModels(): AsyncIterable<RegisteredModel> {
    for await (const model of super.listRegisteredModels()) if (model.name === this.#part.model) yield model;
  }
}

describe("a sync with a real MLflow", () => {
  test("sees what is new, late, deleted, restored and pointed at, and leaves what a whole reading leaves", async () => {
    const name = newExperiment();
    const source = new PartOfMlflow({ uri: client.uri }, { experiment: { id: experimentId, name: "own" }, model: name });
    const seen = new Date(Date.now() + 60_000);
    const options = { now: () => seen };
    using index = new LineageIndex(":memory:");
    const run = await createRun();
    await syncMlflow(index, source, options);
    const late = await createRun(new Date(run.startTime.getTime() - 30 * 60_000));
    const model = await client.createModel({ experimentId, name: "tree", sourceRunId: run.id, tags: {}, params: { depth: "5" } });
    await call("POST", "runs/log-inputs", { run_id: late.id, models: [{ model_id: model.id }] });
    await call("POST", "registered-models/create", { name });
    await call("POST", "model-versions/create", { name, source: `models:/${model.id}`, model_id: model.id });
    await call("POST", "registered-models/alias", { name, alias: "champion", version: "1" });
    await client.deleteRun(run.id);
    await syncMlflow(index, source, options);
    const version = formatUrn({ kind: "model-version", name, version: 1 });
    const logged = formatUrn({ kind: "logged-model", id: model.id });
    expect(index.edgesUp(version)).toEqual([{ from: version, kind: "derived", to: logged }]);
    expect(index.edgesDown(logged).map(({ from, kind }) => [from, kind])).toContainEqual([
      formatUrn({ kind: "run", id: late.id }),
      "used",
    ]);
    expect(index.record(formatUrn({ kind: "run", id: run.id }))).toMatchObject({
      gone: seen,
      node: { state: "running, deleted" },
    });
    expect(index.labels({ target: version })).toMatchObject([{ name: "champion", until: undefined }]);
    using whole = new LineageIndex(":memory:");
    await syncMlflow(whole, source, options);
    expect([...dump(index)]).toEqual([...dump(whole)]);
  });
});
