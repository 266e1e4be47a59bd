import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { MlflowClient } from "../../src/mlflow/client.ts";
import { cardDigest } from "../../src/tracker/card/canonical.ts";
import { type TestEngine, commitFiles, repo, startTestEngine } from "../helpers/engine.ts";
import { newExperiment } from "../mlflow/fixtures.ts";
import { type CommandResult, stemma } from "./terminal.ts";

const RUN = "3f1c5e0a9b7d4c6e8f2a1b3c5d7e9f01";
const COMMIT = "d6cd0231777e4df99603250c3c4cb079";
const mlflow = new MlflowClient({ uri: inject("mlflowUri") });

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "stemma-show-"));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

function show(...argv: string[]): Promise<CommandResult> {
  return stemma(["show", ...argv], { cwd, env: { MLFLOW_TRACKING_URI: mlflow.uri } });
}

function sealed(card: object): string {
  return `${JSON.stringify({ ...card, digest: cardDigest(card) }, null, 2)}\n`;
}

async function write(name: string, text: string): Promise<string> {
  await writeFile(join(cwd, name), text);
  return name;
}

const CARD = {
  schema: "stemma/run-card/1",
  runId: RUN,
  experimentId: "3",
  experimentName: "fraud",
  runName: "tree",
  trackingUri: "http://127.0.0.1:5000",
  key: `default/train@${COMMIT}/dd/tree`,
  attempt: 2,
  attempts: [
    {
      attempt: 1,
      started: "2026-11-21T14:00:00.000Z",
      host: "pod-1",
      pid: 7,
      ended: "2026-11-21T14:10:00.000Z",
      status: "KILLED",
      reason: "its tracker ended without a word",
    },
    {
      attempt: 2,
      started: "2026-11-21T14:27:39.500Z",
      host: "pod-2",
      pid: 7,
      ended: "2026-11-21T14:31:00.000Z",
      status: "FINISHED",
      exitCode: 0,
    },
  ],
  status: "FINISHED",
  exitCode: 0,
  startTime: "2026-11-21T14:27:39.500Z",
  endTime: "2026-11-21T14:31:00.000Z",
  command: ["spark-submit", "train.py", "--note", "it's two words"],
  pachyderm: {
    project: "default",
    pipeline: "train",
    version: 4,
    image: "stemma/spark:0.1.0",
    job: COMMIT,
    outputCommit: COMMIT,
    datum: "dd",
    inputs: [
      {
        name: "etl",
        project: "default",
        repo: "etl",
        branch: "master",
        commit: COMMIT,
        path: "/",
        hash: "aa",
        sizeBytes: 12_345,
        files: [{ path: "/a.csv", sizeBytes: 12_345, hash: "aa" }],
        moreFiles: 2,
      },
      { name: "params", project: "team", repo: "params", commit: COMMIT, path: "/p.json" },
    ],
  },
  code: {
    git: { commit: "45010f4", branch: "main", remote: "https://github.com/o/r", dirty: true, diff: "code/diff.patch" },
    script: { path: "train.py", sha256: "abc" },
  },
  environment: {
    host: { name: "pod-2", os: "Debian GNU/Linux 12", kernel: "Linux 6.1", arch: "x64", cpus: 2, memoryBytes: 8_589_934_592 },
    versions: { python: "3.11.7", spark: "4.0.0" },
    packages: { source: "python", count: 120, artifact: "environment/packages.txt" },
    lockFiles: [],
  },
  tags: { team: "fraud", "mlflow.user": "tester" },
  params: { maxDepth: "5", note: "\u001b[31mred\u202E\nline", long: "x".repeat(1000) },
  metrics: { auc: 0.999713, loss: "NaN" },
  datasets: [{ name: "etl", digest: COMMIT, sourceType: "pachyderm", source: "{}", context: "training" }],
  artifacts: [
    { path: "report.html", sizeBytes: 2048, sha256: "aaaa" },
    { path: "a/b.txt", sizeBytes: 4, sha256: "bbbb" },
  ],
  models: [{ name: "tree", digest: "sha256:cc", files: [{ path: "MLmodel", sizeBytes: 100, sha256: "dd" }] }],
  spark: [
    {
      applicationId: "app-1",
      name: "train",
      sparkVersion: "4.0.0",
      jobs: { total: 3, failed: 0 },
      stages: { total: 5, failed: 1 },
      tasks: { total: 40, failed: 0 },
      input: { bytes: 1024, rows: 100 },
      output: { bytes: 0, rows: 0 },
    },
  ],
  children: ["c".repeat(32)],
  undelivered: { metrics: 12 },
};

describe("stemma show of a run card", () => {
  test("draws all that it says", async () => {
    const { code, out, err } = await show(await write(RUN, sealed(CARD)));
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out.replace("x".repeat(300), "300 x")).toMatchInlineSnapshot(`
      "run tree 3f1c5e0a9b7d4c6e8f2a1b3c5d7e9f01
        status      finished, exit code 0
        began       2026-11-21 14:27:39Z
        ended       2026-11-21 14:31:00Z, after 3 min 21 s
        command     spark-submit train.py --note 'it'\\''s two words'
        experiment  fraud
        page        http://127.0.0.1:5000/#/experiments/3/runs/3f1c5e0a9b7d4c6e8f2a1b3c5d7e9f01
        key         default/train@d6cd0231777e4df99603250c3c4cb079/dd/tree
      attempts
        1  killed    2026-11-21 14:00:00Z  pod-1, process 7  its tracker ended without a word
        2  finished  2026-11-21 14:27:39Z  pod-2, process 7
      pachyderm
        job       train@d6cd0231777e4df99603250c3c4cb079
        output    train@d6cd0231777e4df99603250c3c4cb079
        pipeline  train#4
        image     stemma/spark:0.1.0
        datum     dd
      inputs
        etl     etl@d6cd0231777e4df99603250c3c4cb079:/                master  12.1 KiB  3 files
        params  team/params@d6cd0231777e4df99603250c3c4cb079:/p.json
      code
        git     45010f4, with changes, see code/diff.patch
        branch  main
        remote  https://github.com/o/r
        script  train.py  sha256:abc
      environment
        host      pod-2, Debian GNU/Linux 12, 2 cores, 8.0 GiB
        python    3.11.7
        spark     4.0.0
        packages  120 of python, see environment/packages.txt
      params
        maxDepth  5
        note      \\u001b[31mred\\u202e\\nline
        long      300 x… (1000 characters)
      metrics
        auc   0.999713
        loss  NaN
      tags
        team  fraud
      data sets
        etl  d6cd0231777e4df99603250c3c4cb079  training
      artifacts
        report.html  2.0 KiB  sha256:aaaa
        a/b.txt      4 B      sha256:bbbb
      models
        tree                 sha256:cc
        tree/MLmodel  100 B  sha256:dd
      spark
        app-1    train, Spark 4.0.0
        work     3 jobs, 5 stages (1 failed), 40 tasks
        read     1.0 KiB, 100 rows
        written  0 B, 0 rows
      child runs
        cccccccccccccccccccccccccccccccc
      not delivered
        metrics  12
      digest ok
      "
    `);
  });

  test("as JSON is the card to the byte", async () => {
    const text = sealed(CARD);
    expect(await show(await write("card.json", text), "-o", "json")).toEqual({ code: 0, out: text, err: "" });
  });

  test("that was changed afterwards is shown, and is an error", async () => {
    const changed = sealed(CARD).replace('"maxDepth": "5"', '"maxDepth": "6"');
    const { code, out, err } = await show(await write("changed", changed));
    expect({ code, err }).toMatchObject({ code: 5, err: expect.stringContaining("changed is not as it was written") });
    expect(out).toContain("maxDepth  6");
    expect(out).not.toContain("digest ok");
  });

  test("of an earlier time has no digest, and what is missing or odd is left out", async () => {
    const odd = { schema: "stemma/run-card/1", runId: RUN, params: 7, attempts: [null, "x"], startTime: "soon", pachyderm: [] };
    expect((await show(await write("odd", JSON.stringify(odd)))).out).toBe(`run ${RUN}\ndigest none\n`);
  });

  test.each([
    ["text", "no card", "is no run card"],
    ["JSON of something else", "{}", "is no run card"],
    ["a list", "[1]", "is no run card"],
    ["a later format", '{"schema":"stemma/run-card/2"}', 'has the schema "stemma/run-card/2", which this version does not know'],
  ])("refuses %s in one line", async (_, text, problem) => {
    const { code, out, err } = await show(await write("other", text));
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^stemma: other .*\n$/);
    expect(err).toContain(problem);
  });

  test.each([
    ["cards/none.json", 3],
    [`models:/m/1`, 2],
    ["train@master", 2],
  ])("%s is exit code %i", async (what, code) => {
    expect((await show(what)).code).toBe(code);
  });
});

describe("stemma show of a card in a commit", () => {
  let running: TestEngine;
  beforeAll(async () => {
    running = await startTestEngine();
    await running.client.createRepo(repo("train"));
  });
  afterAll(() => running.close());

  test("reads it from Pachyderm", async () => {
    await commitFiles(running.client, "train", { [`/${RUN}`]: sealed(CARD) });
    const address = ["--pachd", running.engine.address];
    const { code, out } = await show(`train@master:/${RUN}`, ...address);
    expect(code).toBe(0);
    expect(out).toMatch(/^run tree 3f1c[^]*digest ok\n$/);
    expect((await show("train@master:/none", ...address)).code).toBe(3);
  });
});

describe("stemma show of a run", () => {
  test("draws what MLflow has, by id and by link", async () => {
    const experiment = newExperiment();
    const experimentId = await mlflow.experimentId(experiment);
    const startTime = new Date("2026-11-21T14:00:00Z");
    const inputs = JSON.stringify([
      { name: "etl", project: "default", repo: "etl", branch: "master", commit: COMMIT, path: "/" },
    ]);
    const job = {
      "pachyderm.project": "default",
      "pachyderm.pipeline": "train",
      "pachyderm.job": COMMIT,
      "pachyderm.inputs": inputs,
    };
    const tags = { ...job, "mlflow.source.name": "python train.py", team: "fraud", "stemma.key": "the key" };
    const run = await mlflow.createRun({ experimentId, name: "tree", startTime, tags });
    const time = new Date();
    await mlflow.logBatch(run.id, { params: { maxDepth: "5" }, metrics: [{ key: "loss", value: NaN, step: 1, time }] });
    await mlflow.logInputs(run.id, [{ name: "etl", digest: COMMIT, sourceType: "pachyderm", source: "{}", context: "training" }]);
    await mlflow.putArtifact(run, "notes/a.txt", { file: join(cwd, await write("a.txt", "note")) });
    await mlflow.updateRun(run.id, { status: "FINISHED", endTime: new Date("2026-11-21T16:05:00Z") });

    const { code, out, err } = await show(run.id);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const plain = out.replaceAll(mlflow.runLink(run), "LINK").replaceAll(run.id, "RUN").replaceAll(experiment, "EXPERIMENT");
    expect(plain).toMatchInlineSnapshot(`
      "run tree RUN
        status      finished
        began       2026-11-21 14:00:00Z
        ended       2026-11-21 16:05:00Z, after 2 h 5 min
        command     python train.py
        experiment  EXPERIMENT
        page        LINK
        key         the key
      pachyderm
        job  train@d6cd0231777e4df99603250c3c4cb079
      inputs
        etl  etl@d6cd0231777e4df99603250c3c4cb079:/  master
      params
        maxDepth  5
      metrics
        loss  NaN
      tags
        team  fraud
      data sets
        etl  d6cd0231777e4df99603250c3c4cb079  training
      artifacts
        notes/a.txt  4 B
      "
    `);
    expect((await show(mlflow.runLink(run))).out).toBe(out);
    expect(JSON.parse((await show(run.id, "-o", "json")).out)).toMatchObject({ runId: run.id, metrics: { loss: "NaN" } });
  });

  test("that is not there is exit code 3", async () => {
    expect(await show("0".repeat(32))).toMatchObject({ code: 3, out: "" });
  });
});
