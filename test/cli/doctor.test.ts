import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, onTestFinished, test } from "vitest";
import { judgeClock } from "../../src/cli/doctor/clock.ts";
import type { Finding } from "../../src/cli/doctor/finding.ts";
import { checkNode } from "../../src/cli/doctor/machine.ts";
import { judgeVersion as judgeMlflow } from "../../src/cli/doctor/mlflow.ts";
import { judgeVersion as judgePachyderm } from "../../src/cli/doctor/pachyderm.ts";
import { checkPython, judgePython } from "../../src/cli/doctor/python.ts";
import { usualGateway } from "../../src/cli/doctor/s3-gateway.ts";
import { checkSpark, judgeJava } from "../../src/cli/doctor/spark.ts";
import { MlflowClient } from "../../src/mlflow/client.ts";
import { writeRecord } from "../../src/local/services-file.ts";
import { stateFolder } from "../../src/local/state-folder.ts";
import { type TestEngine, startTestEngine } from "../helpers/engine.ts";
import { MlflowServer, freePort } from "../helpers/mlflow-server.ts";
import { listOf } from "../mlflow/fixtures.ts";
import { stemma } from "./terminal.ts";

let engine: TestEngine;
let cwd: string;
beforeAll(async () => {
  engine = await startTestEngine({ s3Listen: "127.0.0.1:0" });
});
afterAll(() => engine.close());
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "stemma-doctor-test-"));
});
afterEach(() => rm(cwd, { recursive: true }));

interface Examination {
  readonly code: number;
  readonly ok: boolean;
  /** By what they are about. */
  readonly found: Readonly<Record<string, Finding | undefined>>;
}

async function examine(argv: readonly string[], env: Record<string, string | undefined> = {}): Promise<Examination> {
  const { code, out, err } = await stemma(["doctor", "-o", "json", ...argv], { cwd, env: { ...here(), ...env } });
  expect(err).toBe("");
  const { ok, findings } = JSON.parse(out) as { ok: boolean; findings: Finding[] };
  return { code, ok, found: Object.fromEntries(findings.map((finding) => [finding.what, finding])) };
}

function here(): Record<string, string | undefined> {
  const { PATH, HOME, JAVA_HOME } = process.env;
  return { PATH, HOME, JAVA_HOME, PACHD_ADDRESS: engine.engine.address, MLFLOW_TRACKING_URI: inject("mlflowUri") };
}

function portOf(address: string | undefined): number {
  return Number(/:(\d+)$/.exec(address ?? "")?.[1]);
}

async function doctorsRuns(): Promise<string[]> {
  const mlflow = new MlflowClient({ uri: inject("mlflowUri") });
  const experiment = await mlflow.findExperiment("stemma-doctor");
  const experimentIds = experiment === undefined ? [] : [experiment.id];
  const runs = await listOf(mlflow.searchRuns({ experimentIds, includeDeleted: true }));
  return runs.map(({ id, deleted }) => `${id} ${deleted}`);
}

describe("where all is well", () => {
  test("each part is said to be fine, on a line of its own, and nothing is left behind but a deleted run", async () => {
    const { code, out, err } = await stemma(["doctor", "--s3", `http://${engine.engine.s3Address}`], { cwd, env: here() });
    expect({ code, err, bad: out.split("\n").filter((line) => line.startsWith("FAIL")) }).toEqual({ code: 0, err: "", bad: [] });
    expect(out).toMatch(/^ok {4}Pachyderm {5}2\.12\.0 at 127\.0\.0\.1:\d+$/m);
    expect(out).toMatch(/^ok {4}rights {8}repo stemma-doctor-[0-9a-f]{8} made, read and removed$/m);
    expect(out).toMatch(/^ok {4}clock {9}agrees with this machine's$/m);
    expect(out).toMatch(/^ok {4}S3 gateway {4}answers at http:\/\/127\.0\.0\.1:\d+$/m);
    expect(out).toMatch(/^ok {4}MLflow {8}3\.\d+\.\d+ at http:\/\/127\.0\.0\.1:\d+$/m);
    expect(out).toMatch(/^ok {4}MLflow clock {2}agrees with this machine's$/m);
    expect(out).toMatch(/^ok {4}Spark {9}3\.5\.9 \(.*spark-submit\)$/m);
    expect(out).toMatch(/^ok {4}Java {10}(11|17|21)\.\S+ \(.*java\)$/m);
    expect(out).toMatch(/^ok {4}Python {8}3\.\d+\.\d+ \(.*\), pyspark 3\.5\.9, numpy 1\.\S+, mlflow 3\.\S+$/m);
    expect(out).toMatch(/^ok {4}Node {10}2\d\.\S+$/m);
    expect(out).toMatch(/^ok {4}index {9}.*\.db \(not made yet: the first question makes it\)$/m);
    const run = /^ok {4}artifacts {5}a file was written, read and removed; run ([0-9a-f]{32}) of experiment stemma-doctor/m.exec(
      out,
    );
    const mlflow = new MlflowClient({ uri: inject("mlflowUri") });
    expect(await mlflow.inspectRun(run?.[1] ?? "")).toMatchObject({ deleted: true });
    expect(await listOf(mlflow.listArtifacts(run?.[1] ?? ""))).toEqual([]);
    expect(await listOf(engine.client.listRepos())).toEqual([]);
  });

  test("--no-write makes neither repo nor run", async () => {
    const before = await doctorsRuns();
    const { code, found } = await examine(["pachyderm", "mlflow", "--no-write"]);
    expect({ code, rights: found["rights"]?.detail }).toEqual({
      code: 0,
      rights: "0 repos can be listed; not tried whether one can be made",
    });
    expect(found["artifacts"]?.detail).toMatch(/^\d+ experiments can be listed; not tried whether artifacts can be written$/);
    expect(await doctorsRuns()).toEqual(before);
  });

  test("the S3 gateway of an engine that was started here is known", async () => {
    const s3Port = portOf(engine.engine.s3Address);
    writeRecord(stateFolder({}, cwd), "engine", { port: portOf(engine.engine.address), process: undefined, s3Port });
    const { found } = await examine(["pachyderm", "--no-write"], { PACHD_ADDRESS: undefined });
    expect(found["S3 gateway"]).toEqual({ state: "ok", what: "S3 gateway", detail: `answers at http://127.0.0.1:${s3Port}` });
  });
});

describe("what is broken is named, with what to do", () => {
  test("servers that do not answer: exit code 4", async () => {
    const { code, ok, found } = await examine([
      "pachyderm",
      "mlflow",
      "--pachd",
      "127.0.0.1:1",
      "--mlflow",
      "http://127.0.0.1:1",
    ]);
    expect({ code, ok }).toEqual({ code: 4, ok: false });
    expect(found["Pachyderm"]).toMatchObject({
      state: "fail",
      detail: expect.stringContaining("Pachyderm at 127.0.0.1:1 can't be reached"),
      advice: expect.stringContaining("stemma up"),
    });
    expect(found["MLflow"]).toMatchObject({
      state: "fail",
      detail: "MLflow at http://127.0.0.1:1 cannot be reached: connection refused",
    });
    expect(Object.keys(found)).not.toContain("rights");
  });

  test("addresses that are none: exit code 1", async () => {
    const { code, found } = await examine(["pachyderm", "mlflow"], { PACHD_ADDRESS: "ftp://x", MLFLOW_TRACKING_URI: "mlruns" });
    expect(code).toBe(1);
    expect(found["Pachyderm"]).toMatchObject({ state: "fail", detail: '"ftp://x" is no address of a Pachyderm server' });
    expect(found["MLflow"]).toMatchObject({ state: "fail", detail: '"mlruns" is not the address of an MLflow server' });
  });

  test("an artifact store that takes nothing", async () => {
    const folder = await mkdtemp(join(tmpdir(), "stemma-broken-store-"));
    await writeFile(join(folder, "artifacts"), "a file where the server wants a folder");
    const server = new MlflowServer(folder, await freePort());
    onTestFinished(() => server.close());
    await server.start();
    const { code, found } = await examine(["mlflow"], { MLFLOW_TRACKING_URI: server.uri });
    expect({ code, mlflow: found["MLflow"]?.state }).toEqual({ code: 1, mlflow: "ok" });
    expect(found["artifacts"]).toMatchObject({ state: "fail", advice: expect.stringContaining("--artifacts-destination") });
    const mlflow = new MlflowClient({ uri: server.uri });
    const experimentIds = [await mlflow.experimentId("stemma-doctor")];
    expect(await listOf(mlflow.searchRuns({ experimentIds }))).toEqual([]);
  }, 120_000);

  test("a Pachyderm that wants a token", async () => {
    const closed = await startTestEngine({ access: { token: "secret", tls: undefined } });
    onTestFinished(() => closed.close());
    const PACHD_ADDRESS = closed.engine.address;
    const { found } = await examine(["pachyderm"], { PACHD_ADDRESS });
    expect(found["Pachyderm"]?.state).toBe("ok");
    expect(found["rights"]).toMatchObject({
      state: "fail",
      detail: expect.stringContaining("lets nobody in without its token"),
      advice: expect.stringContaining("PACH_TOKEN"),
    });
    expect((await examine(["pachyderm"], { PACHD_ADDRESS, PACH_TOKEN: "secret" })).found["rights"]?.state).toBe("ok");
  });

  test("a gateway that speaks no S3, or is not there, is worth a warning", async () => {
    const { code, found } = await examine(["pachyderm", "--no-write", "--s3", inject("mlflowUri")]);
    expect({ code, ...found["S3 gateway"] }).toMatchObject({
      code: 0,
      state: "warn",
      detail: `what answers at ${inject("mlflowUri")} does not speak S3`,
    });
    expect((await examine(["pachyderm", "--no-write", "--s3", "http://127.0.0.1:1"])).found["S3 gateway"]).toMatchObject({
      state: "warn",
      detail: "nothing answers at http://127.0.0.1:1",
    });
  });

  test.each([
    [["--s3", "127.0.0.1:30600"], "It looks like http://HOST:30600."],
    [["spark"], "Allowed choices are pachyderm, mlflow, machine."],
  ])("the arguments %j are refused", async (argv, message) => {
    const { code, out, err } = await stemma(["doctor", ...argv], { cwd, env: here() });
    expect({ code, out, err }).toEqual({ code: 2, out: "", err: expect.stringContaining(message) });
  });

  test("a state folder that can't be made, and an index that is damaged", async () => {
    const file = join(cwd, "taken");
    await writeFile(file, "no database");
    const { code, found } = await examine(["machine", "--no-write"], { STEMMA_HOME: join(file, "state"), STEMMA_INDEX: file });
    expect(code).toBe(1);
    expect(found["state folder"]).toMatchObject({
      state: "fail",
      detail: `${join(file, "state")}: ${file} is no folder`,
      advice: "Make it writable, or name another in STEMMA_HOME.",
    });
    expect(found["index"]).toMatchObject({ state: "fail", detail: expect.stringContaining(file) });
  });
});

/** A folder with a program of this name. */
async function program(name: string, script: string): Promise<string> {
  const folder = join(cwd, "bin");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, name), 0o755);
  return folder;
}

describe("Spark and Java", () => {
  const signal = new AbortController().signal;
  const venv = join(process.cwd(), ".venv", "bin");

  test("a Java that Spark does not work with, first on PATH", async () => {
    const fake = await program("java", `echo 'openjdk version "25.0.2" 2026-01-20' >&2; exit 1`);
    const env = { PATH: [fake, venv, process.env["PATH"]].join(delimiter) };
    const [spark, java] = await checkSpark({ env, signal });
    expect(java).toEqual({
      state: "fail",
      what: "Java",
      detail: `25.0.2 (${join(fake, "java")})`,
      advice: expect.stringContaining("Spark 3 works with Java 8, 11, 17, 21. Set JAVA_HOME to a Java 17"),
    });
    expect(spark).toMatchObject({ state: "fail", advice: "Mend Java first." });
  });

  test("no Java where JAVA_HOME says: Spark looks nowhere else", async () => {
    const env = { PATH: [venv, process.env["PATH"]].join(delimiter), JAVA_HOME: cwd };
    const [spark, java] = await checkSpark({ env, signal });
    expect(java).toMatchObject({ state: "fail", detail: `there is none in JAVA_HOME (${cwd})` });
    expect(spark).toMatchObject({ state: "fail", detail: expect.stringContaining("cannot run without Java") });
  });

  test("nothing at all is worth a warning: pipelines need not use Spark", async () => {
    const found = [...(await checkSpark({ env: { PATH: cwd }, signal })), await checkPython({ env: { PATH: cwd }, signal })];
    expect(found.map(({ state, what, detail }) => `${state} ${what}: ${detail}`)).toEqual([
      "warn Spark: no spark-submit on PATH",
      "warn Java: there is none on PATH",
      "warn Python: there is none on PATH",
    ]);
  });

  test("a Python that fails, or that lacks packages", async () => {
    const broken = await program("python3", "echo 'cannot load libpython' >&2; exit 127");
    expect(await checkPython({ env: { PATH: broken }, signal })).toMatchObject({
      state: "fail",
      detail: `${join(broken, "python3")} fails: cannot load libpython`,
    });
    expect(judgePython("py", { python: "3.12.1", pyspark: null, numpy: "2.1.0", mlflow: "3.1.0" })).toMatchObject({
      state: "warn",
      advice: "Without pyspark: py -m pip install pyspark, where pipelines here need it.",
    });
    expect(judgePython("py", { python: "3.8.2" }).state).toBe("fail");
  });

  test.each([
    ['java version "1.8.0_392"', 3, "ok"],
    ['openjdk version "11.0.21" 2023-10-17', 3, "ok"],
    ['openjdk version "21" 2023-09-19', 3, "ok"],
    ['openjdk version "1.7.0_80"', 3, "fail"],
    ['openjdk version "11.0.21" 2023-10-17', 4, "fail"],
    ['openjdk version "17.0.9" 2023-10-17', 4, "ok"],
    ["Error: could not find libjava.so", 3, "fail"],
  ])("%s with Spark %d: %s", (text, spark, state) => {
    expect(judgeJava("java", text, spark, "fail").state).toBe(state);
  });
});

test.each([
  ["2.7.5", "fail"],
  ["2.8.0", "warn"],
  ["2.10.7", "ok"],
  ["2.12.0-rc.3", "ok"],
  ["2.13.0", "warn"],
  ["3.0.0", "warn"],
  ["1.13.4", "fail"],
])("Pachyderm %s: %s", (version, state) => {
  expect(judgePachyderm(version, "there").state).toBe(state);
});

test.each([
  ["1.30.0", "fail"],
  ["2.3.2", "fail"],
  ["2.22.0", "warn"],
  ["3.0.0rc1", "ok"],
  ["3.17.2", "ok"],
  [undefined, "warn"],
])("MLflow %s: %s", (version, state) => {
  expect(judgeMlflow(version, "there").state).toBe(state);
});

test.each([
  ["20.19.0", "warn"],
  ["24.0.0", "ok"],
])("Node %s: %s", (version, state) => {
  expect(checkNode(version).state).toBe(state);
});

function at(seconds: number): Date {
  return new Date(Date.UTC(2026, 0, 1) + seconds * 1000);
}

describe("a clock", () => {
  test.each([
    [10.5, 0, "ok", "agrees with this machine's"],
    [14, 0, "ok", "agrees with this machine's"],
    [9, 1000, "ok", "agrees with this machine's"],
    [31, 0, "warn", "is 20 s ahead of this machine's"],
    [0, 1000, "warn", "is 9 s behind this machine's"],
    [7211, 0, "fail", "is 7200 s ahead of this machine's"],
  ])("that says %d s, to %d ms, between 10 s and 11 s of ours: %s, %s", (server, stepMs, state, detail) => {
    expect(judgeClock("clock", { server: at(server), before: at(10), after: at(11), stepMs })).toMatchObject({ state, detail });
  });
});

test.each([
  ["127.0.0.1:30650", "http://127.0.0.1:30600"],
  ["grpc://pachd.example", "http://pachd.example:30600"],
  ["grpcs://pachd.example:443", "https://pachd.example:30600"],
  ["[::1]:30650", "http://[::1]:30600"],
  ["unix:/run/pachd", undefined],
])("the S3 gateway of a Pachyderm at %s is looked for at %s", (address, url) => {
  expect(usualGateway(address)).toBe(url);
});
