import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jobEnvironment } from "../../src/local/job-environment.ts";
import type { Reproduction } from "../../src/reproduce/verdict.ts";
import { type CommandResult, stemma } from "../cli/terminal.ts";
import { type TestEngine, commitFiles, pipeline, repo, startTestEngine } from "../helpers/engine.ts";
import { OwnMlflow } from "../helpers/own-mlflow.ts";
import { count } from "../helpers/scale.ts";
import { newExperiment } from "../mlflow/fixtures.ts";

const EXPERIMENT = newExperiment();
const STAGES = ["same", "shuffled", "drifting"];
const METRIC = (value: string): string => `echo '{"key":"rows","value":'${value}'}' > $STEMMA_REPORT/metrics.jsonl`;

/** Stages that are run again by the engine, each tracked in the real MLflow server the first time. */
describe("reproduce", () => {
  const cwd = mkdtempSync(join(tmpdir(), "stemma-reproduce-"));
  const mlflow = new OwnMlflow({ experiment: EXPERIMENT });
  let engine: TestEngine;
  let experimentIds: string[];
  /** How many runs there were before. */
  let made: number;

  beforeAll(async () => {
    engine = await startTestEngine();
    const { client } = engine;
    await client.createRepo(repo("rows"));
    await commitFiles(client, "rows", { "/a.csv": "1\n", "/b.csv": "2\n" });
    await stage("same", `wc -l < $rows > /pfs/out/$(basename $rows); ${METRIC("$(cat $rows)")}`);
    await stage(
      "shuffled",
      `[ $rows = /pfs/rows/a.csv ] && cp $rows /pfs/out/ || cat /proc/sys/kernel/random/uuid > /pfs/out/b.csv`,
    );
    await stage("drifting", METRIC("$(date +%N | sed s/^0*//)"), "/");
    for (const name of STAGES) await client.stopPipeline(pipeline(name));
    // What comes later is no part of it.
    await commitFiles(client, "rows", { "/a.csv": "10\n" });
    const synced = await ask("index", "sync");
    if (synced.code !== 0) throw new Error(synced.err);
    experimentIds = [await mlflow.experimentId(EXPERIMENT)];
    made = (await Array.fromAsync(mlflow.searchRuns({ experimentIds }))).length;
  }, 120_000);
  afterAll(async () => {
    await engine.close();
    rmSync(cwd, { recursive: true });
  });

  /** A pipeline that tracks a script for each match of the glob, to the end of its first job. */
  async function stage(name: string, script: string, glob = "/*"): Promise<void> {
    const cmd = [process.execPath, join(process.cwd(), "bin/stemma.js"), "track", "--no-log", "--experiment", EXPERIMENT, "--"];
    const transform = { cmd: [...cmd, "sh", "-c", script], env: { MLFLOW_TRACKING_URI: mlflow.uri } };
    const spec = { pipeline: { name }, transform, input: { pfs: { repo: "rows", glob } }, parallelism_spec: { constant: 2 } };
    await engine.client.createPipeline(JSON.stringify(spec));
    const { commit } = await engine.client.inspectCommit({ repo: repo(name), at: "master" }, "FINISHED");
    expect(await engine.client.inspectJob({ pipeline: pipeline(name), id: commit.id }, { wait: true })).toMatchObject({
      state: "JOB_SUCCESS",
    });
  }

  /** The first run of a stage. */
  async function runOf(name: string): Promise<string> {
    const filter = `tags.\`pachyderm.pipeline\` = '${name}'`;
    for await (const { id } of mlflow.searchRuns({ experimentIds, filter })) return id;
    return expect.fail(`no run of ${name}`);
  }

  function ask(...argv: string[]): Promise<CommandResult> {
    const env = { PACHD_ADDRESS: engine.engine.address, MLFLOW_TRACKING_URI: mlflow.uri, STEMMA_INDEX: join(cwd, "index.db") };
    return stemma(argv, { cwd, env }, { mlflow: async () => mlflow });
  }

  async function reproduceJson(...argv: string[]): Promise<Reproduction & { readonly code: number }> {
    const { code, out, err } = await ask("reproduce", "--no-sync", ...argv, "-o", "json");
    expect(err).toBe("");
    return { code, ...(JSON.parse(out) as Reproduction) };
  }

  describe.concurrent("of several stages at once", () => {
    test("says equal of a stage that does the same again, on the commits of then", async () => {
      const { out, code, err } = await ask("reproduce", "--no-sync", await runOf("same"));
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(out).toMatch(/^compared 2 datums, 2 files, 2 metrics within 1e-9$/m);
      expect(out).toMatch(/^equal: every byte is the same$/m);
    });

    test("names the first datum that differs, and its file", async () => {
      const found = await reproduceJson(await runOf("shuffled"));
      expect(found).toMatchObject({ code: 1, verdict: "differs", datums: 2 });
      expect(found.differences).toMatchObject([{ inputs: ["rows:/b.csv"], kind: "file", what: "/b.csv" }]);
    });

    test("names the metric that differs", async () => {
      const found = await reproduceJson(await runOf("drifting"));
      expect(found).toMatchObject({ code: 1, verdict: "differs" });
      expect(found.differences).toMatchObject([{ kind: "metric", what: "rows" }]);
    });
  });

  test("leaves nothing behind: no run, no pipeline, no branch", async () => {
    expect(await Array.fromAsync(mlflow.searchRuns({ experimentIds }))).toHaveLength(made);
    const branches = await Array.fromAsync(engine.client.listBranches(repo("rows")));
    expect(branches.map(({ branch: { name } }) => name)).toEqual(["master"]);
    const names = (await Array.fromAsync(engine.client.listPipelines())).map((each) => each.pipeline.name);
    expect(names.toSorted()).toEqual(STAGES.toSorted());
  });

  test("names what is missing before anything begins", async () => {
    const run = await runOf("drifting");
    await engine.client.deletePipeline(pipeline("drifting"));
    const { out, code } = await ask("reproduce", "--no-sync", run);
    expect(code).toBe(1);
    expect(out).toMatch(/^missing: the job drifting@[0-9a-f]{32} is gone, or its pipeline$/m);
    expect(out).toMatch(/^cannot be reproduced$/m);
  });
});

/** `npm run test:long -- reproduce`: Spark trains four times. */
describe.skipIf(count(0) === 0)("reproduce, of the demo's training", () => {
  const cwd = mkdtempSync(join(tmpdir(), "stemma-reproduce-demo-"));
  const environment = jobEnvironment(process.env);
  const mlflow = new OwnMlflow({ experiment: "paysim-fraud" });
  let engine: TestEngine;
  let run: string;

  beforeAll(async () => {
    engine = await startTestEngine({ env: environment });
    const demo = await ask("demo", "--rows", "4000");
    run = /^Run id file {2}train@[\da-f]{32}:\/([\da-f]{32})$/m.exec(demo.out)?.[1] ?? expect.fail(demo.err);
  }, 400_000);
  afterAll(async () => {
    await engine.close();
    rmSync(cwd, { recursive: true });
  });

  function ask(...argv: string[]): Promise<CommandResult> {
    const env = { ...environment, PACHD_ADDRESS: engine.engine.address, MLFLOW_TRACKING_URI: mlflow.uri, STEMMA_HOME: undefined };
    return stemma(argv, { cwd, env: { ...env, STEMMA_INDEX: join(cwd, "index.db") } });
  }

  async function reproduce(id: string): Promise<Reproduction & { readonly code: number }> {
    const { code, out, err } = await ask("reproduce", id, "-o", "json");
    expect(err).toBe("");
    return { code, ...(JSON.parse(out) as Reproduction) };
  }

  test("says equal: Spark's files but for names, times and ids, and each metric", { timeout: 300_000 }, async () => {
    const found = await reproduce(run);
    expect(found).toMatchObject({ code: 0, verdict: "content-equal", datums: 1, metrics: 4, differences: [] });
  });

  test("with an unseeded shuffle put in, names the first datum that differs", { timeout: 400_000 }, async () => {
    const { client } = engine;
    const code = join(cwd, "shuffled");
    cpSync("pipelines", code, { recursive: true });
    const program = readFileSync(join(code, "train.py"), "utf8");
    const seeded = `F.crc32(F.encode(CUSTOMER, "UTF-8")) % 100`;
    expect(program).toContain(seeded);
    writeFileSync(join(code, "train.py"), program.replace(seeded, "F.floor(F.rand() * 100)"));
    const spec = JSON.parse(readFileSync("pipelines/train.json", "utf8")) as { transform: { cmd: string[] } };
    const cmd = spec.transform.cmd.map((word) => word.replace("pipelines/train.py", join(code, "train.py")));
    await client.createPipeline(JSON.stringify({ ...spec, transform: { ...spec.transform, cmd } }), {
      update: true,
      reprocess: true,
    });
    const { commit } = await client.inspectCommit({ repo: repo("train"), at: "master" }, "FINISHED");
    await client.inspectJob({ pipeline: pipeline("train"), id: commit.id }, { wait: true });
    const [card] = await Array.fromAsync(client.globFiles({ repo: repo("train"), at: commit.id }, `/${"?".repeat(32)}`));
    const found = await reproduce(card?.path.slice(1) ?? expect.fail("no run card"));
    expect(found).toMatchObject({ code: 1, verdict: "differs" });
    expect(found.differences[0]).toMatchObject({ inputs: ["etl:/"], datum: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });
});
