import { randomUUID } from "node:crypto";
import { describe, expect, inject, test } from "vitest";
import { StemmaError } from "../../../src/lineage/errors.ts";
import { MlflowClient, type NewRun } from "../../../src/mlflow/client.ts";
import { openRun } from "../../../src/tracker/delivery/open-run.ts";
import { listOf, newExperiment } from "../../mlflow/fixtures.ts";

/** The real client on a network that loses the answer to one call. */
class AnswerLosingClient extends MlflowClient {
  override async createRun(options: NewRun): Promise<never> {
    await super.createRun(options);
    throw new StemmaError("UNREACHABLE", "the answer was lost");
  }
}

describe("openRun", () => {
  test("a run whose answer was lost is found again, not made twice", async () => {
    const client = new AnswerLosingClient({ uri: inject("mlflowUri") });
    const experimentId = await client.experimentId(newExperiment());
    const run = await openRun(client, { experimentId, name: "n", key: randomUUID(), startTime: new Date(), tags: {} });
    expect(run).toMatchObject({ status: "RUNNING", tags: { "stemma.attempt": "1" } });
    expect((await listOf(client.searchRuns({ experimentIds: [experimentId] }))).map(({ id }) => id)).toEqual([run.id]);
  });

  test("a run of an unusual name is continued, and keeps its name", async () => {
    const client = new MlflowClient({ uri: inject("mlflowUri") });
    const experimentId = await client.experimentId(newExperiment());
    const wanted = {
      experimentId,
      name: "n",
      key: "default/p@1/d/it's %22q%22 (x)",
      startTime: new Date(),
      tags: { origin: "b" },
    };
    const first = await openRun(client, wanted);
    await client.updateRun(first.id, { status: "FAILED", endTime: new Date() });
    expect(await openRun(client, wanted)).toMatchObject({
      id: first.id,
      name: "n",
      status: "RUNNING",
      tags: { "stemma.attempt": "2" },
    });
  });
});
