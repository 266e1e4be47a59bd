import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { MlflowClient } from "../../src/mlflow/client.ts";
import type { Run } from "../../src/mlflow/types.ts";
import type { RunCard } from "../../src/tracker/card/run-card.ts";
import { stemma } from "../cli/terminal.ts";
import { type TestEngine, commitFiles, pipeline, readText, repo, startTestEngine } from "../helpers/engine.ts";
import { freePort } from "../helpers/mlflow-server.ts";
import { listOf, newExperiment } from "../mlflow/fixtures.ts";

/** Pipelines on the engine whose command is `stemma track`, as a job's worker runs it. */
describe("tracked datums", () => {
  const mlflow = new MlflowClient({ uri: inject("mlflowUri") });
  const experiment = newExperiment();
  const scratch = mkdtempSync(join(tmpdir(), "stemma-datums-"));
  let engine: TestEngine;

  beforeAll(async () => {
    engine = await startTestEngine();
    await engine.client.createRepo(repo("rows"));
    await commitFiles(engine.client, "rows", { "/a.csv": "1\n2\n", "/b.csv": "3\n" });
  });
  afterAll(async () => {
    await engine.close();
    rmSync(scratch, { recursive: true });
  });

  /** Runs a pipeline over both files to the end of its job, and gives the job's output commit. */
  async function run(name: string, script: string, uri: string, tries = 1): Promise<string> {
    const { client } = engine;
    const spec = {
      pipeline: { name },
      transform: {
        image: "stemma/test:1.2@sha256:0123",
        cmd: [
          process.execPath,
          join(process.cwd(), "bin/stemma.js"),
          "track",
          "--experiment",
          experiment,
          "--",
          "sh",
          "-c",
          script,
        ],
        env: { MLFLOW_TRACKING_URI: uri },
      },
      input: { pfs: { repo: "rows", glob: "/*" } },
      parallelism_spec: { constant: 2 },
      datum_tries: tries,
    };
    await client.createPipeline(JSON.stringify(spec));
    const { commit } = await client.inspectCommit({ repo: repo(name), at: "master" }, "FINISHED");
    expect(await client.inspectJob({ pipeline: pipeline(name), id: commit.id }, { wait: true })).toMatchObject({
      state: "JOB_SUCCESS",
    });
    return commit.id;
  }

  async function runsOf(name: string): Promise<Run[]> {
    const id = await mlflow.experimentId(experiment);
    return listOf(mlflow.searchRuns({ experimentIds: [id], filter: `tags.\`pachyderm.pipeline\` = "${name}"` }));
  }

  test("a datum that fails and is tried again is one run of two attempts, of which the second succeeded", async () => {
    const once = `[ -e ${scratch}/$PACH_DATUM_ID ] || { touch ${scratch}/$PACH_DATUM_ID; exit 3; }`;
    const commit = await run("retried", `wc -l < $rows > /pfs/out/$PACH_DATUM_ID; ${once}`, mlflow.uri, 2);
    const runs = await runsOf("retried");
    expect(runs).toHaveLength(2);
    for (const { status, tags, datasets } of runs) {
      expect(status).toBe("FINISHED");
      expect(tags).toMatchObject({
        "stemma.attempt": "2",
        "pachyderm.commit": commit,
        "pachyderm.pipeline_version": "1",
        "pachyderm.image": "stemma/test:1.2@sha256:0123",
      });
      expect(JSON.parse(tags["stemma.attempts"] ?? "")).toMatchObject([
        { attempt: 1, status: "FAILED", exitCode: 3, reason: "exit code 3" },
        { attempt: 2, status: "FINISHED", exitCode: 0 },
      ]);
      expect(datasets).toMatchObject([{ sourceType: "pachyderm", context: "training" }]);
      expect(JSON.parse(datasets[0]?.source ?? "")).toMatchObject({
        hash: expect.any(String),
        files: [{ sizeBytes: expect.any(Number) }],
      });
    }
    const cards = await Promise.all(
      runs.map(async ({ id }) => JSON.parse(await readText(engine.client, "retried", commit, `/${id}`)) as RunCard),
    );
    expect(cards.map(({ attempt }) => attempt)).toEqual([2, 2]);
    expect(new Set(cards.map(({ pachyderm }) => pachyderm?.inputs[0]?.path))).toEqual(new Set(["/a.csv", "/b.csv"]));
  });

  test("without MLflow the job succeeds, and replaying its commit makes the runs and links both sides, once", async () => {
    const script = `wc -l < $rows > /pfs/out/$PACH_DATUM_ID; echo '{"key":"rows","value":2}' > $STEMMA_REPORT/metrics.jsonl`;
    const commit = await run("offline", script, `http://127.0.0.1:${await freePort()}`);
    expect(await runsOf("offline")).toEqual([]);
    const place = { cwd: scratch, env: { PACHD_ADDRESS: engine.engine.address, MLFLOW_TRACKING_URI: mlflow.uri } };
    expect(await stemma(["replay", "offline@master"], place)).toMatchObject({ code: 0 });
    const runs = await runsOf("offline");
    expect(runs.map(({ status, metrics }) => [status, metrics["rows"]])).toEqual([
      ["FINISHED", 2],
      ["FINISHED", 2],
    ]);
    const info = await engine.client.inspectCommit({ repo: repo("offline"), at: commit });
    expect(Object.keys(info.metadata).toSorted()).toEqual(runs.map(({ id }) => `stemma.run.${id}`).toSorted());
    expect(await stemma(["replay", `offline@${commit}`], place)).toMatchObject({
      code: 0,
      out: expect.stringContaining("delivered before"),
    });
    expect(await runsOf("offline")).toEqual(runs);
    const up = await stemma(["trace", runs[0]?.id ?? "", "--up"], place);
    expect(up.out).toContain(`commit rows@`);
    expect((await stemma(["trace", "rows@master", "--down"], place)).out).toContain(runs[0]?.id);
  });
});
