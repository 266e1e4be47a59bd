import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { afterAll, describe, expect, test } from "vitest";
import type { RunCard } from "../../src/tracker/card/run-card.ts";
import { freePort } from "../helpers/mlflow-server.ts";
import { listOf } from "../mlflow/fixtures.ts";
import { PYTHON, TrackProcess, client, makeFolder, newId, runTrack } from "./harness.ts";
import { Relay } from "./relay.ts";

const sh = (script: string): string[] => ["--", "sh", "-c", script];

function reportLoss(loss: number, exit: number): string[] {
  const params = `echo '{"lr":0.1,"try":${exit}}' > $STEMMA_REPORT/params.json`;
  return sh(`${params}; echo '{"key":"loss","value":${loss}}' > $STEMMA_REPORT/metrics.jsonl; exit ${exit}`);
}

async function readCard(folder: string): Promise<RunCard> {
  const [name, ...others] = await readdir(folder);
  expect(others).toEqual([]);
  return JSON.parse(await readFile(join(folder, String(name)), "utf8")) as RunCard;
}

/** A datum's folders and the environment that a worker would give it. */
async function makeDatum(): Promise<{ env: Record<string, string>; out: string; job: string; commit: string }> {
  const root = join(await makeFolder(), "pfs");
  await mkdir(join(root, "out"), { recursive: true });
  const [job, commit] = [newId(), newId()];
  const env = {
    PACH_JOB_ID: job,
    PACH_OUTPUT_COMMIT_ID: job,
    PACH_DATUM_ID: "d".repeat(64),
    PPS_PIPELINE_NAME: "train",
    PPS_PROJECT_NAME: "default",
    PACHD_PEER_SERVICE_HOST: "127.0.0.1",
    PACHD_PEER_SERVICE_PORT: String(await freePort()),
    STEMMA_PFS_ROOT: root,
    etl: join(root, "etl"),
    etl_COMMIT: commit,
  };
  return { env, out: join(root, "out"), job, commit };
}

describe("a command that ends well", () => {
  test("its params, metrics, tags and artifacts are in the run and on the card", async () => {
    const card = await makeFolder();
    const script = `
      echo '{"maxDepth":5,"seed":"7"}' > $STEMMA_REPORT/params.json
      printf 'key,value,step\\nloss,0.5,1\\nloss,0.25,2\\nauc,nan,1\\n' > $STEMMA_REPORT/metrics.csv
      echo '{"team":"fraud"}' > $STEMMA_REPORT/tags.json
      mkdir -p "$STEMMA_ARTIFACTS/model/data 1"
      printf tree > "$STEMMA_ARTIFACTS/model/data 1/part-0"; printf x > "$STEMMA_ARTIFACTS/bad#name"
      echo to stdout; echo $STEMMA_REPORT > folder; env > env`;
    const cwd = await makeFolder();
    const track = await runTrack(["--name", "my run", "--tag", "stage=trial", "--tag", "eq=a=b", "--card", card, ...sh(script)], {
      cwd,
    });
    expect(track).toMatchObject({ code: 0, stdout: "to stdout\n" });

    const run = await track.run();
    expect(run).toMatchObject({
      name: "my run",
      status: "FINISHED",
      params: { maxDepth: "5", seed: "7" },
      metrics: { loss: 0.25, auc: NaN },
    });
    expect(run.endTime?.getTime()).toBeGreaterThanOrEqual(run.startTime.getTime());
    expect(run.tags).toMatchObject({
      team: "fraud",
      stage: "trial",
      eq: "a=b",
      "mlflow.user": "tester",
      "mlflow.source.name": `sh -c ${script}`,
      "mlflow.source.type": "LOCAL",
      "stemma.attempt": "1",
    });
    expect(await listOf(client.listArtifacts(run.id))).toEqual([{ path: "model/data 1/part-0", sizeBytes: 4 }]);

    const link = client.runLink(run);
    expect(track.stderr.split("\n")).toEqual([
      `stemma: run my run ${link}`,
      `stemma: artifacts: "bad#name" cannot be kept, it holds a "#"; left out`,
      `stemma: FINISHED ${link}`,
      "",
    ]);

    expect(await readCard(card)).toEqual({
      schema: "stemma/run-card/1",
      runId: run.id,
      experimentId: run.experimentId,
      experimentName: track.experiment,
      runName: "my run",
      trackingUri: client.uri,
      status: "FINISHED",
      exitCode: 0,
      startTime: run.startTime.toISOString(),
      endTime: run.endTime?.toISOString(),
      command: ["sh", "-c", script],
      params: { maxDepth: "5", seed: "7" },
      metrics: { loss: 0.25, auc: "NaN" },
      artifacts: [{ path: "model/data 1/part-0", sizeBytes: 4, sha256: createHash("sha256").update("tree").digest("hex") }],
    });

    const env = await readFile(join(cwd, "env"), "utf8");
    for (const line of [`MLFLOW_RUN_ID=${run.id}`, `STEMMA_RUN_ID=${run.id}`, `MLFLOW_TRACKING_URI=${client.uri}`])
      expect(env).toContain(`${line}\n`);
    expect(env).toContain(`MLFLOW_EXPERIMENT_ID=${run.experimentId}\n`);
    const reportFolder = (await readFile(join(cwd, "folder"), "utf8")).trim();
    expect(existsSync(dirname(reportFolder))).toBe(false);
  });

  test("150 params, 2,500 metrics and 40 artifacts arrive", async () => {
    const script = `
      const fs = require("node:fs"), { STEMMA_REPORT: report, STEMMA_ARTIFACTS: artifacts } = process.env;
      fs.writeFileSync(report + "/params.json", JSON.stringify(Object.fromEntries(Array.from({ length: 150 }, (_, i) => ["p" + i, i]))));
      fs.writeFileSync(report + "/metrics.jsonl", Array.from({ length: 2500 }, (_, i) => JSON.stringify({ key: "m" + i % 2, value: i }) + "\\n").join(""));
      for (let i = 0; i < 40; i++) fs.writeFileSync(artifacts + "/" + i, "x".repeat(i));`;
    const track = await runTrack(["--", process.execPath, "-e", script]);
    expect(track.code).toBe(0);
    const run = await track.run();
    expect(Object.keys(run.params)).toHaveLength(150);
    expect(run.metrics).toEqual({ m0: 2498, m1: 2499 });
    const sizes = (await listOf(client.listArtifacts(run.id))).map(({ sizeBytes }) => sizeBytes);
    expect(sizes.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, index) => index));
  });

  test("metrics are in MLflow while the command still runs", async () => {
    const folder = await makeFolder();
    const script = `echo '{"key":"loss","value":1}' > $STEMMA_REPORT/metrics.jsonl; while [ ! -e ${folder}/go ]; do sleep 0.05; done`;
    const track = new TrackProcess(sh(script));
    await track.sees("/runs/");
    await expect.poll(async () => (await track.run()).metrics, { timeout: 30_000 }).toEqual({ loss: 1 });
    expect(await track.run()).toMatchObject({ status: "RUNNING", endTime: undefined });
    await writeFile(join(folder, "go"), "");
    expect(await track.exitCode()).toBe(0);
  });

  test("in a git checkout the run names the commit and the branch", async () => {
    const cwd = await makeFolder();
    const git = execa({ cwd, env: { GIT_CONFIG_GLOBAL: "/dev/null" } });
    await git`git init -q -b work`;
    await git`git -c user.name=t -c user.email=t@example.org commit -q --allow-empty -m one`;
    const { stdout: commit } = await git`git rev-parse HEAD`;
    await writeFile(join(cwd, "new.py"), "");
    const card = await makeFolder();
    const track = await runTrack(["--card", card, "--", "true"], { cwd });
    expect((await track.run()).tags).toMatchObject({ "mlflow.source.git.commit": commit, "mlflow.source.git.branch": "work" });
    expect((await readCard(card)).git).toEqual({ commit, branch: "work", dirty: true });
  });
});

describe("a command that ends badly", () => {
  test.each([
    ["its exit code is ours", sh("exit 3"), 3, "FAILED", "exit code 3"],
    ["a signal is 128 and more", sh("kill -9 $$"), 137, "KILLED", "SIGKILL"],
    ["a signal told by exit code", sh("exit 143"), 143, "KILLED", "exit code 143"],
    ["a command that is not there", ["--", "no-such-command"], 127, "FAILED", "command not found: no-such-command"],
    ["a file that is no program", ["--", "/etc/passwd"], 126, "FAILED", "cannot execute /etc/passwd: EACCES"],
  ])("%s", async (_, argv, code, status, how) => {
    const card = await makeFolder();
    const track = await runTrack(["--card", card, ...argv]);
    expect(track.code).toBe(code);
    const run = await track.run();
    expect(run.status).toBe(status);
    expect(run.endTime).toBeDefined();
    expect(track.stderr).toContain(`stemma: ${status} (${how}) ${client.runLink(run)}\n`);
    expect(await readCard(card)).toMatchObject({ runId: run.id, status, exitCode: code });
  });

  test("what it reported before is kept", async () => {
    const track = await runTrack(
      sh(`echo '{"key":"loss","value":1}' > $STEMMA_REPORT/metrics.jsonl; echo m > $STEMMA_ARTIFACTS/part; exit 1`),
    );
    const run = await track.run();
    expect(run).toMatchObject({ status: "FAILED", metrics: { loss: 1 } });
    expect(await listOf(client.listArtifacts(run.id))).toEqual([{ path: "part", sizeBytes: 2 }]);
  });

  test("a card that cannot be written fails the run, but not over the command's own exit code", async () => {
    const folder = join(await makeFolder(), "file");
    await writeFile(folder, "");
    const fine = await runTrack(["--card", folder, "--", "true"]);
    expect(fine.code).toBe(1);
    expect(fine.stderr).toContain("stemma: cannot write the run card");
    expect((await fine.run()).status).toBe("FAILED");
    expect((await runTrack(["--card", folder, ...sh("exit 3")])).code).toBe(3);
  });
});

describe("signals", () => {
  const loop = "echo ready; while :; do sleep 0.05; done";

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("%s goes to the command, which ends by it", async (signal, code) => {
    const track = new TrackProcess(sh(loop));
    await track.sees("ready");
    track.kill(signal);
    expect(await track.exitCode()).toBe(code);
    expect((await track.run()).status).toBe("KILLED");
  });

  test("a command that catches the signal decides on its exit code", async () => {
    const track = new TrackProcess(sh(`trap 'exit 7' TERM; ${loop}`));
    await track.sees("ready");
    track.kill("SIGTERM");
    expect(await track.exitCode()).toBe(7);
    expect((await track.run()).status).toBe("KILLED");
  });

  test("a second SIGINT is passed on as the first one was", async () => {
    const track = new TrackProcess(sh(`n=0; trap 'n=$((n+1)); echo int $n; [ $n = 2 ] && exit 9' INT; ${loop}`));
    await track.sees("ready");
    track.kill("SIGINT");
    await track.sees("int 1");
    track.kill("SIGINT");
    expect(await track.exitCode()).toBe(9);
  });
});

describe("in a Pachyderm job", () => {
  test("the run names job, commit and inputs, and the card is in the output", async () => {
    const { env, out, job, commit } = await makeDatum();
    const track = await runTrack(["--context", "evaluation", "--", "true"], { env });
    expect(track.code).toBe(0);
    expect(track.stderr).toContain("the inputs go by their names");
    const run = await track.run();
    expect(run.name).toBe(`train@${job.slice(0, 8)}`);
    const place = { name: "etl", project: "default", repo: "etl", commit, path: "/" };
    expect(run.tags).toMatchObject({
      "mlflow.source.type": "JOB",
      "pachyderm.project": "default",
      "pachyderm.pipeline": "train",
      "pachyderm.job": job,
      "pachyderm.repo": "train",
      "pachyderm.commit": job,
      "pachyderm.datum": env["PACH_DATUM_ID"],
      "stemma.key": `default/train@${job}/${env["PACH_DATUM_ID"]}/train@${job.slice(0, 8)}`,
    });
    expect(JSON.parse(run.tags["pachyderm.inputs"] ?? "")).toEqual([place]);
    const source = JSON.stringify({ uri: `pachyderm://default/etl@${commit}:/` });
    expect(run.datasets).toEqual([{ name: "etl", digest: commit, sourceType: "pachyderm", source, context: "evaluation" }]);
    expect(await readdir(out)).toEqual([run.id]);
    expect((await readCard(out)).pachyderm).toEqual({
      project: "default",
      pipeline: "train",
      job,
      outputCommit: job,
      datum: env["PACH_DATUM_ID"],
      inputs: [place],
    });
  });

  test("another attempt at the datum continues its run", async () => {
    const { env, out } = await makeDatum();
    const setting = { env: { ...env, MLFLOW_EXPERIMENT_NAME: `test-${newId()}` } };
    const first = await runTrack(reportLoss(9, 5), setting);
    expect(await first.run()).toMatchObject({ status: "FAILED", tags: { "stemma.attempt": "1" } });
    const second = await runTrack(reportLoss(1, 0), setting);
    expect(second.code).toBe(0);
    expect(second.stderr).toContain(", attempt 2 ");
    expect(second.stderr).toContain(`params: "try" was logged as "5" before, and MLflow does not change it to "0"; left out`);
    const [before, after] = [await first.run(), await second.run()];
    expect(after).toEqual(before);
    expect(after).toMatchObject({ status: "FINISHED", params: { lr: "0.1", try: "5" }, tags: { "stemma.attempt": "2" } });
    expect(await listOf(client.searchRuns({ experimentIds: [after.experimentId] }))).toHaveLength(1);
    expect(await readdir(out)).toEqual([after.id]);
    expect(await readCard(out)).toMatchObject({ status: "FINISHED", exitCode: 0, metrics: { loss: 1 } });
  });
});

// Side by side, as the tracker waits here for a server that does not answer.
describe.concurrent("when MLflow is away", () => {
  const relays: Relay[] = [];

  afterAll(() => Promise.all(relays.map((relay) => relay.close())));

  function openRelay(): Promise<Relay> {
    const relay = new Relay(client.uri);
    relays.push(relay);
    return relay.open();
  }

  test("at the start: one line, exit code 4, and the command does not run", async () => {
    const track = await runTrack(sh("echo it runs"), { mlflow: `http://me:secret@127.0.0.1:${await freePort()}` });
    expect(track).toMatchObject({ code: 4, stdout: "" });
    expect(track.stderr).toMatch(
      /^stemma: MLflow at http:\/\/127\.0\.0\.1:\d+ cannot be reached: connection refused\. Is it running\? .*\n$/,
    );
  });

  test.each([
    [0, 1, "FAILED"],
    [3, 3, "FAILED"],
  ])("at the end: exit code %i becomes %i, and what is missing is told in a line", async (code, expected, status) => {
    const relay = await openRelay();
    const folder = await makeFolder();
    const report = `echo '{"key":"loss","value":1}' > $STEMMA_REPORT/metrics.jsonl; echo '{"p":1}' > $STEMMA_REPORT/params.json; echo m > $STEMMA_ARTIFACTS/m`;
    const script = `echo ready; while [ ! -e ${folder}/go ]; do sleep 0.05; done; ${report}; exit ${code}`;
    const card = await makeFolder();
    const track = new TrackProcess(["--card", card, ...sh(script)], { mlflow: relay.uri });
    await track.sees("ready");
    await relay.close();
    await writeFile(join(folder, "go"), "");
    expect(await track.exitCode()).toBe(expected);
    expect(track.stderr).toContain("stemma: not delivered: 1 metrics, 1 params, 1 artifacts, the run's status. MLflow at");
    expect(await readCard(card)).toMatchObject({
      status,
      exitCode: expected,
      params: { p: "1" },
      metrics: { loss: 1 },
      artifacts: [],
    });
    const kept = /is kept in (\S+)/.exec(track.stderr)?.[1] ?? "";
    expect(await readFile(join(kept, "artifacts", "m"), "utf8")).toBe("m\n");
    await execa("rm", ["-r", kept]);
    expect((await track.run()).status).toBe("RUNNING");
  });

  test("for a while: the command goes on, and all arrives in the end", async () => {
    const relay = await openRelay();
    const folder = await makeFolder();
    const script = `echo '{"key":"a","value":1}' > $STEMMA_REPORT/metrics.jsonl; echo ready
      while [ ! -e ${folder}/more ]; do sleep 0.05; done; echo '{"key":"b","value":2}' >> $STEMMA_REPORT/metrics.jsonl
      while [ ! -e ${folder}/end ]; do sleep 0.05; done; echo '{"key":"c","value":3}' >> $STEMMA_REPORT/metrics.jsonl`;
    const track = new TrackProcess(sh(script), { mlflow: relay.uri });
    await track.sees("ready");
    await relay.close();
    await writeFile(join(folder, "more"), "");
    await track.sees("what it reports waits");
    await relay.open();
    await writeFile(join(folder, "end"), "");
    expect(await track.exitCode()).toBe(0);
    expect(await track.run()).toMatchObject({ status: "FINISHED", metrics: { a: 1, b: 2, c: 3 } });
  });
});

describe("beside MLflow's own Python client", () => {
  test("a command that uses it logs into the same run, and the card has that, too", async () => {
    const script = `
import mlflow, os, sys
mlflow.log_param("own", 1)
mlflow.log_metric("auc", 0.75)
open(os.environ["STEMMA_REPORT"] + "/params.json", "w").write('{"ours": 2}')
sys.exit(3)`;
    const card = await makeFolder();
    const track = await runTrack(["--card", card, "--", PYTHON, "-c", script]);
    expect(track.code).toBe(3);
    const run = await track.run();
    // That client ends the run as FINISHED when its process ends, whatever its exit code.
    expect(run).toMatchObject({ status: "FAILED", params: { own: "1", ours: "2" }, metrics: { auc: 0.75 } });
    expect(await listOf(client.searchRuns({ experimentIds: [run.experimentId] }))).toHaveLength(1);
    expect(await readCard(card)).toMatchObject({ status: "FAILED", params: run.params, metrics: run.metrics });
  });

  test("it reads a run as we wrote it", async () => {
    const { env, commit } = await makeDatum();
    const report = `echo '{"depth":5}' > $STEMMA_REPORT/params.json; echo '{"key":"auc","value":0.5,"step":3}' > $STEMMA_REPORT/metrics.jsonl`;
    const track = await runTrack(sh(`${report}; mkdir $STEMMA_ARTIFACTS/model; echo m > $STEMMA_ARTIFACTS/model/part`), { env });
    const { id } = await track.run();
    const script = `
import json, sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
run = client.get_run(sys.argv[2])
dataset = run.inputs.dataset_inputs[0]
print(json.dumps({
  "status": run.info.status, "params": run.data.params, "metrics": run.data.metrics,
  "history": [[m.value, m.step] for m in client.get_metric_history(run.info.run_id, "auc")],
  "dataset": [dataset.dataset.name, dataset.dataset.digest, dataset.dataset.source_type, {t.key: t.value for t in dataset.tags}],
  "artifacts": [f.path for f in client.list_artifacts(run.info.run_id, "model")],
  "pipeline": run.data.tags["pachyderm.pipeline"], "user": run.info.user_id,
}))`;
    const { stdout } = await execa(PYTHON, ["-c", script, client.uri, id]);
    expect(JSON.parse(stdout)).toEqual({
      status: "FINISHED",
      params: { depth: "5" },
      metrics: { auc: 0.5 },
      history: [[0.5, 3]],
      dataset: ["etl", commit, "pachyderm", { "mlflow.data.context": "training" }],
      artifacts: ["model/part"],
      pipeline: "train",
      user: "tester",
    });
  });
});
