import { createHash } from "node:crypto";
import { describe, expect, inject, test } from "vitest";
import { StemmaError } from "../../../src/lineage/errors.ts";
import { MlflowClient, type NewModel } from "../../../src/mlflow/client.ts";
import type { LoggedModel, Run } from "../../../src/mlflow/types.ts";
import { deliverModel } from "../../../src/tracker/delivery/deliver-model.ts";
import { openRun } from "../../../src/tracker/delivery/open-run.ts";
import { listOf } from "../../mlflow/fixtures.ts";
import { client } from "../harness.ts";
import { storeFile } from "./sample-outbox.ts";
import { wantedRun } from "./wanted-run.ts";

const uri = inject("mlflowUri");
const files = [await storeFile("MLmodel", "flavors: {}\n"), await storeFile("data/part-0", "tree")];
const item = { kind: "model", name: "forest", digest: createHash("sha256").update("1").digest("hex"), files } as const;

function newRun(): Promise<Run> {
  return openRun(client, wantedRun(), false);
}

function modelsOf({ id, experimentId }: Run): Promise<LoggedModel[]> {
  return listOf(client.searchModels({ experimentIds: [experimentId], filter: `source_run_id = '${id}'` }));
}

async function deliver(to: MlflowClient, run: Run, what: Parameters<typeof deliverModel>[2] = item): Promise<number> {
  let signs = 0;
  await deliverModel(to, run, what, () => void signs++);
  return signs;
}

/** The real client on a network that loses the answer to the call that makes a model. */
class AnswerLosingClient extends MlflowClient {
  override async createModel(model: NewModel): Promise<never> {
    await super.createModel(model);
    throw new StemmaError("UNREACHABLE", "the answer was lost");
  }
}

/** The real client on a network that sends that call twice. */
class DoublingClient extends MlflowClient {
  override async createModel(model: NewModel): Promise<LoggedModel> {
    await super.createModel(model);
    return super.createModel(model);
  }
}

/** The real client on a network that goes away before the last file. */
class FailingClient extends MlflowClient {
  override putModelFile(...args: Parameters<MlflowClient["putModelFile"]>): Promise<void> {
    const [, path] = args;
    return path === "MLmodel" ? super.putModelFile(...args) : Promise.reject(new StemmaError("UNREACHABLE", "it is gone"));
  }
}

/** The real client with a server from before MLflow 3. */
class OldClient extends MlflowClient {
  override async *searchModels(): AsyncIterable<LoggedModel> {
    yield await Promise.reject<LoggedModel>(new StemmaError("UNSUPPORTED", "no logged models here"));
  }
}

describe.concurrent("deliverModel", () => {
  test("makes a folder a logged model of the run, and the same again changes nothing", async () => {
    const run = await newRun();
    expect(await deliver(client, run)).toBeGreaterThanOrEqual(files.length);
    const [model, ...others] = await modelsOf(run);
    expect(others).toEqual([]);
    expect(model).toMatchObject({ name: "forest", status: "READY", sourceRunId: run.id });
    expect((await client.inspectRun(run.id)).outputs).toEqual([model?.id]);
    expect(await deliver(client, run)).toBe(0);
    expect(await modelsOf(run)).toEqual([model]);
    expect((await client.inspectRun(run.id)).outputs).toEqual([model?.id]);
  });

  test("takes another content of the same name for another model", async () => {
    const run = await newRun();
    await deliver(client, run);
    await deliver(client, run, { ...item, digest: createHash("sha256").update("2").digest("hex") });
    expect((await modelsOf(run)).map(({ name, status }) => [name, status])).toEqual([
      ["forest", "READY"],
      ["forest", "READY"],
    ]);
  });

  test.each([
    ["whose answer is lost", new AnswerLosingClient({ uri })],
    ["that arrives twice", new DoublingClient({ uri })],
  ])("makes one model by a call %s", async (_, to) => {
    const run = await newRun();
    await deliver(to, run);
    const models = await modelsOf(run);
    expect(models).toMatchObject([{ name: "forest", status: "READY" }]);
    expect((await client.inspectRun(run.id)).outputs).toEqual(models.map(({ id }) => id));
  });

  test("goes on with a model that was left half done", async () => {
    const run = await newRun();
    await expect(deliver(new FailingClient({ uri }), run)).rejects.toMatchObject({ code: "UNREACHABLE" });
    const [half] = await modelsOf(run);
    expect(half).toMatchObject({ status: "PENDING" });
    await deliver(client, run);
    expect(await modelsOf(run)).toMatchObject([{ id: half?.id, status: "READY" }]);
  });

  test("gives a server that knows no logged models plain artifacts", async () => {
    const run = await newRun();
    await deliver(new OldClient({ uri }), run);
    expect(await listOf(client.listArtifacts(run.id))).toEqual([
      { path: "forest/MLmodel", sizeBytes: 12 },
      { path: "forest/data/part-0", sizeBytes: 4 },
    ]);
    expect(await modelsOf(run)).toEqual([]);
  });
});
