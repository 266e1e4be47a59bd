import { readFile, readdir, rm } from "node:fs/promises";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { jobEnvironment } from "../../src/local/job-environment.ts";
import { PAYSIM_COLUMNS } from "../../src/stages/paysim.ts";
import { MlflowClient } from "../../src/mlflow/client.ts";
import { type TestEngine, pipeline, repo, startTestEngine } from "../helpers/engine.ts";
import { stemma } from "../cli/terminal.ts";
import { unansweredPairs } from "./demo-pairs.ts";

const ROWS = 4000;
const environment = jobEnvironment(process.env);

/** The demo once, on an engine and an MLflow server of the tests; then everybody has a look at what it left. */
describe("the demo", () => {
  const cwd = mkdtempSync(join(tmpdir(), "stemma-e2e-"));
  let engine: TestEngine;
  let env: Record<string, string | undefined>;
  let demo: Awaited<ReturnType<typeof stemma>>;
  let commit = "";
  let runId = "";

  beforeAll(async () => {
    engine = await startTestEngine({ env: environment });
    env = {
      ...environment,
      PACHD_ADDRESS: engine.engine.address,
      MLFLOW_TRACKING_URI: inject("mlflowUri"),
      STEMMA_HOME: undefined,
    };
    demo = await stemma(["demo", "--rows", `${ROWS}`], { cwd, env });
    [, commit = "", runId = ""] = /^Run id file {2}train@([\da-f]{32}):\/([\da-f]{32})$/m.exec(demo.out) ?? [];
  }, 400_000);
  afterAll(async () => {
    await engine.close();
    await rm(cwd, { recursive: true });
  });

  test("ends well and prints the run id file, a link that answers, both trees, and what to do next", async () => {
    expect(demo).toMatchObject({ code: 0 });
    const link = /^MLflow run +(\S+)$/m.exec(demo.out)?.[1] ?? "";
    expect(link).toMatch(new RegExp(`^${inject("mlflowUri")}/#/experiments/\\d+/runs/${runId}$`));
    expect((await fetch(link)).status).toBe(200);
    const [up = "", down = ""] = demo.out.split("What has come out of this data?");
    expect(up).toContain("/paysim-1.csv");
    expect(down).toContain(`run ${runId}`);
    expect(demo.out).toContain("npx stemma down");
  });

  test("the run's trace names the raw data's commit and file, and the raw data's trace names the run", async () => {
    const up = await stemma(["trace", runId, "--up"], { cwd, env });
    expect(up).toMatchObject({ code: 0 });
    expect(up.out).toContain(`commit raw_data@${commit}`);
    expect(up.out).toContain("/paysim-1.csv");
    expect(up.out).toMatch(/^complete$/m);
    for (const reference of ["raw_data@master", "raw_data@master:/paysim-1.csv"]) {
      const down = await stemma(["trace", reference, "--down"], { cwd, env });
      expect(down.out).toContain(`run ${runId}`);
      expect(down.out).toMatch(/^complete$/m);
    }
  });

  test("every two things of which one came from the other answer in one command", { timeout: 120_000 }, async () => {
    const mlflow = new MlflowClient({ uri: inject("mlflowUri") });
    const model = `demo-${runId}`;
    // Other tests' demos register their models under the name that this one has.
    await registerVersion(inject("mlflowUri"), model, runId);
    // Other tests' runs are in it, too, of which some say what cannot be read: its exit code is not of interest.
    await ask(["index", "sync"]);
    const [chunk = "", etlFile = ""] = await Promise.all(["split", "etl"].map((name) => firstFile(engine, name, commit)));
    const { tags } = await mlflow.inspectRun(runId);
    const unanswered = await unansweredPairs(
      {
        rawFile: `raw_data@${commit}:/paysim-1.csv`,
        chunk,
        etlFile,
        run: runId,
        model: `models:/${model}/1`,
        rawCommit: `raw_data@${commit}`,
        commit: `train@${commit}`,
        version: "train#1",
        code: tags["mlflow.source.git.commit"] ?? "",
      },
      ask,
    );
    expect(unanswered).toEqual([]);
  });

  /** Of an index of its own. */
  function ask(argv: readonly string[]): ReturnType<typeof stemma> {
    return stemma([...argv, "--index", join(cwd, "pairs.db")], { cwd, env });
  }

  test("the unchanged pachyderm-sdk lists the repos, reads a file and inspects the jobs", async () => {
    const [host = "", port = ""] = engine.engine.address.split(":");
    expect(await python("sdk_reads_demo.py", host, port, commit)).toEqual({
      repos: ["etl", "raw_data", "split", "train"],
      header: PAYSIM_COLUMNS.join(","),
      output: expect.arrayContaining([`/${runId}`, "/model/"]),
      jobs: { split: "JOB_SUCCESS", etl: "JOB_SUCCESS", train: "JOB_SUCCESS" },
      train: { state: "JOB_SUCCESS", processed: 1, input: "etl" },
    });
  });

  test(
    "MLflow's own client sees params, metrics, model, inputs and tags, and Spark predicts with the model",
    { timeout: 200_000 },
    async () => {
      const etl = join(cwd, "etl");
      expect(await stemma(["get", `etl@${commit}:/`, "-o", etl], { cwd, env })).toMatchObject({ code: 0 });
      const seen = await python("mlflow_reads_run.py", inject("mlflowUri"), runId, etl);
      expect(seen).toMatchObject({
        status: "FINISHED",
        params: { maxDepth: "5", trainRows: expect.stringMatching(/^\d+$/) },
        tags: {
          "pachyderm.project": "default",
          "pachyderm.pipeline": "train",
          "pachyderm.pipeline_version": "1",
          "pachyderm.job": commit,
          "pachyderm.repo": "train",
          "pachyderm.commit": commit,
        },
        champion: runId,
        artifacts: expect.arrayContaining(["tree.txt"]),
        inputs: [{ name: "etl", digest: commit, source_type: "pachyderm", tags: { "mlflow.data.context": "training" } }],
        predictions: [0, 1],
      });
      const { metrics } = seen as { metrics: Record<string, number> };
      const areas = Object.entries(metrics).filter(([key]) => !/^(system\/|spark\.)/.test(key));
      expect(areas.map(([key]) => key).sort()).toEqual(["AUC test", "AUC train", "PR test", "PR train"]);
      for (const [, value] of areas) expect(value).toBeGreaterThan(0);
      for (const [, value] of areas) expect(value).toBeLessThanOrEqual(1);
      expect(metrics["spark.input_rows"]).toBeGreaterThan(0);
    },
  );

  test(
    "a killed training is a failed job and a killed run, no card pretends success, and the next one works",
    { timeout: 300_000 },
    async () => {
      const { client } = engine;
      const mlflow = new MlflowClient({ uri: inject("mlflowUri") });
      const rows = join(cwd, "more.csv");
      await stemma(["demo-data", "--rows", `${ROWS}`, "--seed", "9", "-o", rows], { cwd, env });
      await stemma(["put", "raw_data@master:/killed.csv", rows], { cwd, env });
      const {
        commit: { id },
      } = await client.inspectCommit({ repo: repo("raw_data"), at: "master" });
      const job = { pipeline: pipeline("train"), id };
      await expect.poll(() => trainingProcess(id), { timeout: 200_000, interval: 200 }).toBeGreaterThan(0);
      process.kill(await trainingProcess(id), "SIGKILL");

      expect(await client.inspectJob(job, { wait: true })).toMatchObject({ state: "JOB_FAILURE" });
      const files = await Array.fromAsync(client.listFiles({ repo: repo("train"), at: id }, "/"));
      expect(files.map((file) => file.path)).toEqual([]);
      const experiments = await Array.fromAsync(mlflow.listExperiments());
      const runs = await Array.fromAsync(
        mlflow.searchRuns({ experimentIds: experiments.map((found) => found.id), filter: `tags.\`pachyderm.job\` = '${id}'` }),
      );
      expect(runs.map((run) => run.status)).toEqual(["KILLED"]);
      const trace = await stemma(["trace", `train@${id}`], { cwd, env });
      expect(trace.out).toContain("failure");

      await stemma(["put", "raw_data@master:/again.csv", rows], { cwd, env });
      const { commit: next } = await client.inspectCommit({ repo: repo("raw_data"), at: "master" });
      expect(await client.inspectJob({ pipeline: pipeline("train"), id: next.id }, { wait: true })).toMatchObject({
        state: "JOB_SUCCESS",
      });
    },
  );
});

/** The first file that a job made. */
async function firstFile({ client }: TestEngine, name: string, id: string): Promise<string> {
  for await (const { type, path } of client.walkFiles({ repo: repo(name), at: id }, "/"))
    if (type === "FILE") return `${name}@${id}:${path}`;
  throw new Error(`${name}@${id} is empty`);
}

/** A version of a new registered model, from a run's artifacts. */
async function registerVersion(uri: string, name: string, run: string): Promise<void> {
  for (const [path, body] of [
    ["registered-models/create", { name }],
    ["model-versions/create", { name, source: `runs:/${run}/model`, run_id: run }],
  ] as const) {
    const answer = await fetch(`${uri}/api/2.0/mlflow/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
  }
}

/** What a script of this folder prints, as JSON, on its last line. */
async function python(script: string, ...args: string[]): Promise<unknown> {
  const { stdout } = await execa(join(".venv", "bin", "python"), [join("test", "e2e", script), ...args], { env: environment });
  return JSON.parse(stdout.slice(stdout.lastIndexOf("\n") + 1));
}

/** The JVM of a job's training, found by the job's id in its environment; 0 while there is none. */
async function trainingProcess(jobId: string): Promise<number> {
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const [command, environ] = await Promise.all([readProcess(pid, "cmdline"), readProcess(pid, "environ")]);
    if (
      command.includes("org.apache.spark.deploy.SparkSubmit\0") &&
      command.includes("train.py") &&
      environ.includes(`PACH_JOB_ID=${jobId}`)
    )
      return Number(pid);
  }
  return 0;
}

/** A process may end while one looks at it. */
async function readProcess(pid: string, file: string): Promise<string> {
  try {
    return await readFile(join("/proc", pid, file), "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
}
