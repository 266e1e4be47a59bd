import { existsSync } from "node:fs";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { afterAll, describe, expect, test } from "vitest";
import { StemmaError } from "../../src/lineage/errors.ts";
import { MlflowClient, type NewRun } from "../../src/mlflow/client.ts";
import type { Run } from "../../src/mlflow/types.ts";
import { cardDigest } from "../../src/tracker/card/canonical.ts";
import { freePort } from "../helpers/mlflow-server.ts";
import { listOf, newExperiment } from "../mlflow/fixtures.ts";
import { PROGRAM, PYTHON, TrackProcess, client, makeFolder, runTrack, trackHere } from "./harness.ts";
import { makeDatum, readCard } from "./jobs.ts";
import { type TrackingProxy, plainNetwork } from "../faults/tracking-proxy.ts";

// Side by side, as most of the time goes into waiting for MLflow's server. Where a process of its own is not the point, the
// tracker runs in this one, which is quicker.

const sh = (script: string): string[] => ["--", "sh", "-c", script];

/** A line of a shell script that waits for a file. */
const waitFor = (file: string): string => `while [ ! -e ${file} ]; do sleep 0.05; done`;

/** A line that reports a metric. */
const metric = (key: string): string => `echo '{"key":"${key}","value":1}' >> $STEMMA_REPORT/metrics.jsonl`;

function reportLoss(loss: number, exit: number): string[] {
  const params = `echo '{"lr":0.1,"try":${exit}}' > $STEMMA_REPORT/params.json`;
  return sh(`${params}; echo '{"key":"loss","value":${loss}}' > $STEMMA_REPORT/metrics.jsonl; exit ${exit}`);
}

/** Path and size of a run's artifacts. */
async function artifactsOf(runId: string): Promise<Record<string, number>> {
  const artifacts = await listOf(client.listArtifacts(runId));
  return Object.fromEntries(artifacts.map(({ path, sizeBytes }) => [path, sizeBytes]));
}

async function readArtifact(runId: string, path: string): Promise<string> {
  const query = new URLSearchParams({ run_uuid: runId, path });
  const answer = await fetch(`${client.uri}/get-artifact?${query.toString()}`);
  expect(answer.status).toBe(200);
  return answer.text();
}

/** The real client, whose user interrupts the tracker when the run has just been made. */
class InterruptedClient extends MlflowClient {
  readonly #stop: AbortController;

  constructor(stop: AbortController) {
    super({ uri: client.uri });
    this.#stop = stop;
  }

  override async createRun(options: NewRun): Promise<Run> {
    const run = await super.createRun(options);
    this.#stop.abort(new StemmaError("FAILED", "ended by SIGINT"));
    return run;
  }
}

// Python takes seconds to load MLflow, and on a busy machine far more.
describe.concurrent("beside MLflow's own Python client", { timeout: 150_000 }, () => {
  const quiet = { MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT: "true" };

  test("a command that uses it logs into the same run, and the card has that, too", async () => {
    const script = `
import mlflow, os, sys
mlflow.log_param("own", 1)
mlflow.log_metric("auc", 0.75)
with mlflow.start_run(run_name="part", nested=True): pass
open(os.environ["STEMMA_REPORT"] + "/params.json", "w").write('{"ours": 2}')
sys.exit(3)`;
    const card = await makeFolder();
    const tracked = await trackHere(["--card", card, "--", PYTHON, "-c", script], { env: quiet });
    expect(tracked.code).toBe(3);
    const run = await tracked.run();
    // That client ends the run as FINISHED when its process ends, whatever its exit code.
    expect(run).toMatchObject({ status: "FAILED", params: { own: "1", ours: "2" }, metrics: { auc: 0.75 } });
    const all = await listOf(client.searchRuns({ experimentIds: [run.experimentId] }));
    const children = all.filter(({ id }) => id !== run.id);
    expect(children).toMatchObject([{ name: "part", tags: { "mlflow.parentRunId": run.id } }]);
    const { status, params, metrics, children: told } = await readCard(card);
    expect({ status, params }).toEqual({ status: "FAILED", params: run.params });
    expect(metrics).toMatchObject({ auc: 0.75 });
    expect(told).toEqual(children.map(({ id }) => id));
  });

  test("it reads a run as we wrote it", async () => {
    const { env, commit, job } = await makeDatum();
    const cwd = await makeFolder();
    const report = `echo '{"depth":5}' > $STEMMA_REPORT/params.json; echo '{"team":"fraud"}' > $STEMMA_REPORT/tags.json
      printf '{"key":"auc","value":0.25,"step":1,"time":1700000000}\\n{"key":"auc","value":0.5,"step":3,"time":"2026-01-02T03:04:05.006Z"}\\n' > $STEMMA_REPORT/metrics.jsonl
      mkdir -p $STEMMA_ARTIFACTS/forest/data $STEMMA_ARTIFACTS/plots; printf 'flavors: {}\\n' > $STEMMA_ARTIFACTS/forest/MLmodel
      echo tree > $STEMMA_ARTIFACTS/forest/data/part; echo plot > $STEMMA_ARTIFACTS/plots/roc.svg; echo hello`;
    const track = await runTrack(["--context", "validation", ...sh(report)], { env, cwd });
    const { id } = await track.run();
    const script = `
import json, sys, tempfile, os
from mlflow import MlflowClient
import mlflow
mlflow.set_tracking_uri(sys.argv[1])
client = MlflowClient(sys.argv[1])
run = client.get_run(sys.argv[2])
dataset = run.inputs.dataset_inputs[0]
def files(folder):
  found = client.list_artifacts(run.info.run_id, folder)
  return sorted(p for f in found for p in (files(f.path) if f.is_dir else [f.path]))
with tempfile.TemporaryDirectory() as folder:
  log = open(client.download_artifacts(run.info.run_id, "log/output.log", folder)).read()
models = [client.get_logged_model(m.model_id) for m in run.outputs.model_outputs]
def model_files(model):
  with tempfile.TemporaryDirectory() as folder:
    root = mlflow.artifacts.download_artifacts(artifact_uri=model.artifact_location, dst_path=folder)
    return sorted(os.path.relpath(os.path.join(at, name), root) for at, _, names in os.walk(root) for name in names)
tags = run.data.tags
print(json.dumps({
  "status": run.info.status, "params": run.data.params, "auc": run.data.metrics["auc"],
  "history": sorted([m.step, m.value, m.timestamp] for m in client.get_metric_history(run.info.run_id, "auc")),
  "dataset": [dataset.dataset.name, dataset.dataset.digest, dataset.dataset.source_type, {t.key: t.value for t in dataset.tags}],
  "source": json.loads(dataset.dataset.source)["uri"],
  "artifacts": files(None), "log": log,
  "models": [[m.name, str(m.status), m.source_run_id == run.info.run_id, model_files(m)] for m in models],
  "tags": {key: tags[key] for key in ["team", "pachyderm.pipeline", "pachyderm.job", "mlflow.source.type", "mlflow.user"]},
  "user": run.info.user_id,
}))`;
    const { stdout } = await execa(PYTHON, ["-c", script, client.uri, id]);
    expect(JSON.parse(stdout)).toEqual({
      status: "FINISHED",
      params: { depth: "5" },
      auc: 0.5,
      history: [
        [1, 0.25, 1_700_000_000_000],
        [3, 0.5, Date.parse("2026-01-02T03:04:05.006Z")],
      ],
      dataset: ["etl", commit, "pachyderm", { "mlflow.data.context": "validation" }],
      source: `pachyderm://default/etl@${commit}:/`,
      artifacts: ["log/output.log", "plots/roc.svg"],
      log: "hello\n",
      models: [["forest", "READY", true, ["MLmodel", "data/part"]]],
      tags: {
        team: "fraud",
        "pachyderm.pipeline": "train",
        "pachyderm.job": job,
        "mlflow.source.type": "JOB",
        "mlflow.user": "tester",
      },
      user: "tester",
    });
  });
});

describe.concurrent("a command that ends well", () => {
  test("its params, metrics, tags, artifacts and log are in the run and on the card", async () => {
    const card = await makeFolder();
    const script = `
      echo '{"maxDepth":5,"seed":"7"}' > $STEMMA_REPORT/params.json
      printf 'key,value,step\\nloss,0.5,1\\nloss,0.25,2\\nauc,nan,1\\n' > $STEMMA_REPORT/metrics.csv
      echo '{"team":"fraud"}' > $STEMMA_REPORT/tags.json
      mkdir -p "$STEMMA_ARTIFACTS/model/data 1"
      printf tree > "$STEMMA_ARTIFACTS/model/data 1/part-0"; printf x > "$STEMMA_ARTIFACTS/bad#name"
      echo to stdout; echo to stderr >&2; echo $STEMMA_REPORT > folder; env > env`;
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
    expect(await artifactsOf(run.id)).toEqual({ "model/data 1/part-0": 4, "log/output.log": 20 });
    const log = (await readArtifact(run.id, "log/output.log")).split("\n");
    expect(log.sort()).toEqual(["", "to stderr", "to stdout"]);

    const link = client.runLink(run);
    expect(track.stderr.replace("to stderr\n", "").split("\n")).toEqual([
      `stemma: run my run ${link}`,
      `stemma: artifacts: "bad#name" cannot be kept, it holds a "#"; left out`,
      `stemma: FINISHED ${link}`,
      "",
    ]);

    const told = await readCard(card);
    expect(told).toMatchObject({
      schema: "stemma/run-card/1",
      runId: run.id,
      experimentId: run.experimentId,
      experimentName: track.experiment,
      runName: "my run",
      trackingUri: client.uri,
      key: run.tags["stemma.key"],
      attempt: 1,
      attempts: JSON.parse(run.tags["stemma.attempts"] ?? "") as unknown,
      status: "FINISHED",
      exitCode: 0,
      startTime: run.startTime.toISOString(),
      endTime: run.endTime?.toISOString(),
      command: ["sh", "-c", script],
      tags: { team: "fraud", stage: "trial", eq: "a=b", "mlflow.user": "tester" },
      params: { maxDepth: "5", seed: "7" },
      metrics: { loss: 0.25, auc: "NaN" },
      datasets: [],
      artifacts: [
        { path: "log/output.log", sizeBytes: 20 },
        { path: "model/data 1/part-0", sizeBytes: 4 },
      ],
      models: [],
      children: [],
      undelivered: {},
    });
    expect(told.digest).toBe(cardDigest(told));

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
    const tracked = await trackHere(["--", process.execPath, "-e", script], { cwd: await makeFolder() });
    expect(tracked.code).toBe(0);
    const run = await tracked.run();
    expect(Object.keys(run.params)).toHaveLength(150);
    expect(run.metrics).toMatchObject({ m0: 2498, m1: 2499 });
    const artifacts = await artifactsOf(run.id);
    for (let size = 0; size < 40; size++) expect(artifacts[String(size)]).toBe(size);
  });

  test("all that it reports is in MLflow while it still runs", { timeout: 150_000 }, async () => {
    const folder = await makeFolder();
    const track = new TrackProcess(
      sh(`echo one; echo '{"key":"loss","value":1}' > $STEMMA_REPORT/metrics.jsonl; echo p,1 > $STEMMA_REPORT/params.csv
        echo '{"team":"fraud"}' > $STEMMA_REPORT/tags.json; printf a > $STEMMA_ARTIFACTS/settled
        ${waitFor(`${folder}/more`)}; echo two; printf b >> $STEMMA_ARTIFACTS/settled; ${waitFor(`${folder}/end`)}; echo three`),
    );
    await track.sees("one");
    const { id } = await track.run();
    const seen = async (): Promise<unknown> => {
      const { params, metrics, tags, status, endTime } = await client.inspectRun(id);
      return { params, loss: metrics["loss"], team: tags["team"], status, endTime, artifacts: await artifactsOf(id) };
    };
    const now = { params: { p: "1" }, loss: 1, team: "fraud", status: "RUNNING", endTime: undefined };
    const wait = { timeout: 50_000, interval: 500 };
    await expect.poll(seen, wait).toMatchObject({ ...now, artifacts: { "log/output.log": 4 } });
    await writeFile(join(folder, "more"), "");
    await expect.poll(seen, wait).toEqual({ ...now, artifacts: { "log/output.log": 8, settled: 2 } });
    await writeFile(join(folder, "end"), "");
    expect(await track.exitCode()).toBe(0);
    expect(await artifactsOf(id)).toEqual({ "log/output.log": 14, settled: 2 });
  });

  test("with --no-log it has our stdout and stderr for itself, and no log is kept", async () => {
    const track = await runTrack([
      "--no-log",
      ...sh("for fd in 1 2; do readlink /proc/$PPID/fd/$fd /proc/$$/fd/$fd; done; exit 3"),
    ]);
    expect(track.code).toBe(3);
    const [ours, own, ourErr, ownErr] = track.stdout.split("\n");
    expect([own, ownErr]).toEqual([ours, ourErr]);
    expect(await artifactsOf((await track.run()).id)).toEqual({});
  });

  test("in a git checkout the run names the commit, the branch and what was changed, without secrets", async () => {
    const cwd = await makeFolder();
    const git = execa({ cwd, env: { GIT_CONFIG_GLOBAL: "/dev/null" } });
    await git`git init -q -b work`;
    await writeFile(join(cwd, "train.sh"), "exit 0\n");
    await git`git add .`;
    await git`git -c user.name=t -c user.email=t@example.org commit -q -m one`;
    const { stdout: commit } = await git`git rev-parse HEAD`;
    await writeFile(join(cwd, "train.sh"), "DB_PASSWORD=hunter2hunter2\nexit 0\n");
    const card = await makeFolder();
    const tracked = await trackHere(["--card", card, "--", "sh", "train.sh"], { cwd });
    const run = await tracked.run();
    expect(run.tags).toMatchObject({
      "mlflow.source.git.commit": commit,
      "mlflow.source.git.branch": "work",
      "stemma.git_dirty": "true",
      "stemma.script": "train.sh",
    });
    const { code } = await readCard(card);
    expect(code).toMatchObject({ git: { commit, branch: "work", dirty: true, diff: "code/diff.patch" } });
    expect(code.script).toEqual({ path: "train.sh", sha256: run.tags["stemma.script_sha256"] });
    const diff = await readArtifact(run.id, "code/diff.patch");
    expect(diff).toContain("+DB_PASSWORD=");
    expect(diff).not.toContain("hunter2");
  });
});

describe.concurrent("a command that ends badly", () => {
  test.each([
    ["its exit code is ours", sh("exit 3"), 3, "FAILED", "exit code 3"],
    ["a signal is 128 and more", sh("kill -9 $$"), 137, "KILLED", "SIGKILL"],
    ["a signal told by exit code", sh("exit 143"), 143, "KILLED", "exit code 143"],
    ["a command that is not there", ["--", "no-such-command"], 127, "FAILED", "command not found: no-such-command"],
    ["a file that is no program", ["--", "/etc/passwd"], 126, "FAILED", "cannot execute /etc/passwd: EACCES"],
  ])("%s", async (_, argv, code, status, how) => {
    const card = await makeFolder();
    const tracked = await trackHere(["--card", card, ...argv]);
    expect(tracked.code).toBe(code);
    const run = await tracked.run();
    expect(run.status).toBe(status);
    expect(run.endTime).toBeDefined();
    expect(tracked.said).toContain(`stemma: ${status} (${how}) ${client.runLink(run)}\n`);
    expect(await readCard(card)).toMatchObject({ runId: run.id, status, exitCode: code });
  });

  test("what it reported before is kept", async () => {
    const tracked = await trackHere(
      sh(`echo '{"key":"loss","value":1}' > $STEMMA_REPORT/metrics.jsonl; echo m > $STEMMA_ARTIFACTS/part; exit 1`),
    );
    const run = await tracked.run();
    expect(run).toMatchObject({ status: "FAILED", metrics: { loss: 1 } });
    expect(await artifactsOf(run.id)).toEqual({ part: 2 });
  });

  test("a card that cannot be written fails the run, but not over the command's own exit code", async () => {
    const folder = join(await makeFolder(), "file");
    await writeFile(folder, "");
    const fine = await trackHere(["--card", folder, "--", "true"]);
    expect(fine.code).toBe(1);
    expect(fine.said).toContain("stemma: cannot write the run card");
    expect((await fine.run()).status).toBe("FAILED");
    expect((await trackHere(["--card", folder, ...sh("exit 3")])).code).toBe(3);
  });
});

describe.concurrent("signals", () => {
  const loop = "echo ready; while :; do sleep 0.05; done";

  test.each([
    ["a signal goes to the command, which ends by it", "SIGHUP", loop, 129],
    ["a command that catches the signal decides on its exit code", "SIGTERM", `trap 'exit 7' TERM; ${loop}`, 7],
  ] as const)("%s", async (_, signal, script, code) => {
    const track = new TrackProcess(sh(script));
    await track.sees("ready");
    track.kill(signal);
    expect(await track.exitCode()).toBe(code);
    expect((await track.run()).status).toBe("KILLED");
  });

  test("one that comes before the command begins keeps it from that, and ends the run", async () => {
    const cwd = await makeFolder();
    const stop = new AbortController();
    const context = { signal: stop.signal, mlflow: async () => new InterruptedClient(stop) };
    const tracked = await trackHere(sh("touch begun"), { cwd, context });
    expect(tracked.code).toBe(130);
    expect((await tracked.run()).status).toBe("KILLED");
    expect(await readdir(cwd)).toEqual([]);
  });

  test("a second SIGINT is passed on as the first one was", async () => {
    const track = new TrackProcess(sh(`trap 'echo caught; trap - INT' INT; ${loop}`));
    await track.sees("ready");
    track.kill("SIGINT");
    await track.sees("caught");
    track.kill("SIGINT");
    expect(await track.exitCode()).toBe(130);
    expect((await track.run()).status).toBe("KILLED");
  });
});

describe.concurrent("in a Pachyderm job", () => {
  test("the run names job, commit and inputs, and the card is in the output", async () => {
    const { env, out, job, commit } = await makeDatum();
    const tracked = await trackHere(["--context", "evaluation", "--", "true"], { env });
    expect(tracked.code).toBe(0);
    expect(tracked.said).toContain("the inputs go by their names");
    const run = await tracked.run();
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
    const dataset = { name: "etl", digest: commit, sourceType: "pachyderm", source, context: "evaluation" };
    expect(run.datasets).toEqual([dataset]);
    expect(await readdir(out)).toEqual([run.id]);
    const { pachyderm, datasets } = await readCard(out);
    expect(datasets).toEqual([dataset]);
    expect(pachyderm).toEqual({
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
    const setting = { env: { ...env, MLFLOW_EXPERIMENT_NAME: newExperiment() } };
    const first = await trackHere(reportLoss(9, 5), setting);
    expect(await first.run()).toMatchObject({ status: "FAILED", tags: { "stemma.attempt": "1" } });
    const second = await trackHere(reportLoss(1, 0), setting);
    expect(second.code).toBe(0);
    expect(second.said).toContain(", attempt 2 ");
    expect(second.said).toContain(`params: "try" was logged as "5" before, and MLflow does not change it to "0"; left out`);
    const [before, after] = [await first.run(), await second.run()];
    expect(after).toEqual(before);
    expect(after).toMatchObject({ status: "FINISHED", params: { lr: "0.1", try: "5" }, tags: { "stemma.attempt": "2" } });
    expect(JSON.parse(after.tags["stemma.attempts"] ?? "")).toMatchObject([
      { attempt: 1, status: "FAILED", exitCode: 5 },
      { attempt: 2, status: "FINISHED", exitCode: 0 },
    ]);
    expect(await listOf(client.searchRuns({ experimentIds: [after.experimentId] }))).toHaveLength(1);
    expect(await readdir(out)).toEqual([after.id]);
    expect(await readCard(out)).toMatchObject({ status: "FINISHED", exitCode: 0, metrics: { loss: 1 }, attempt: 2 });
  });
});

describe.concurrent("two attempts at the same time", () => {
  test("are one run, and the later one has the last word", async () => {
    const { env } = await makeDatum();
    const setting = { env: { ...env, MLFLOW_EXPERIMENT_NAME: newExperiment() } };
    const folder = await makeFolder();
    const waiting = trackHere(sh(`touch ${folder}/begun; ${waitFor(`${folder}/end`)}`), setting);
    await expect.poll(() => existsSync(join(folder, "begun")), { timeout: 30_000 }).toBe(true);
    const later = await trackHere(sh("exit 3"), setting);
    await writeFile(join(folder, "end"), "");
    const earlier = await waiting;
    expect([earlier.code, later.code]).toEqual([0, 3]);
    expect(earlier.said).toContain("another attempt at the same work has taken over");
    const run = await later.run();
    expect(run).toMatchObject({ id: (await earlier.run()).id, status: "FAILED" });
    expect(JSON.parse(run.tags["stemma.attempts"] ?? "")).toMatchObject([
      { attempt: 1, status: "KILLED" },
      { attempt: 2, status: "FAILED", exitCode: 3 },
    ]);
  });
});

describe.concurrent("a run that is there already", () => {
  test("is continued when its id is given, or is $MLFLOW_RUN_ID", async () => {
    const experimentId = await client.experimentId(newExperiment());
    const { id } = await client.createRun({ experimentId, name: "theirs", startTime: new Date(), tags: {} });
    const card = await makeFolder();
    const asked = await trackHere(["--run-id", id, "--card", card, ...reportLoss(1, 0)]);
    const inherited = await trackHere(reportLoss(2, 0), { env: { MLFLOW_RUN_ID: id } });
    expect([asked.code, inherited.code]).toEqual([0, 0]);
    const told = await readCard(card);
    expect(told).toMatchObject({ runId: id, experimentId, attempt: 1 });
    expect(told).not.toHaveProperty("experimentName");
    const run = await inherited.run();
    expect(run).toMatchObject({ id, experimentId, name: "theirs", status: "FINISHED", params: { lr: "0.1", try: "0" } });
    expect(run.tags["stemma.attempt"]).toBe("2");
  });

  test("of another experiment is a usage error before the command starts", async () => {
    const cwd = await makeFolder();
    const experimentId = await client.experimentId(newExperiment());
    const { id } = await client.createRun({ experimentId, name: "theirs", startTime: new Date(), tags: {} });
    const tracked = await trackHere(["--run-id", id, "--experiment", newExperiment(), ...sh("touch begun")], { cwd });
    expect(tracked.code).toBe(2);
    expect(tracked.said).toMatch(new RegExp(`^stemma: run ${id} is in experiment ${experimentId}, not in "test-[^\n]+\n$`));
    expect(await readdir(cwd)).toEqual([]);
  });

  test("becomes the parent of one that is tracked within its command", async () => {
    const [card, inner] = [await makeFolder(), await makeFolder()];
    const command = `'${process.execPath}' '${PROGRAM}' track --name inner --card ${inner} -- true 2>/dev/null`;
    const outer = await (await trackHere(["--card", card, ...sh(command)])).run();
    const child = await client.inspectRun((await readCard(inner)).runId ?? "");
    expect(child).toMatchObject({ name: "inner", status: "FINISHED", experimentId: outer.experimentId });
    expect(child.tags["mlflow.parentRunId"]).toBe(outer.id);
    expect((await readCard(card)).children).toEqual([child.id]);
  });
});

describe.concurrent("what is wrong in a report", () => {
  test("is told with its place, and the rest is kept", async () => {
    const outside = join(await makeFolder(), "outside");
    await writeFile(outside, "not yours");
    const long = "0123456789".repeat(700);
    const script = `
      cat > $STEMMA_REPORT/metrics.jsonl <<'END'
{"key":"loss","value":1,"step":1}
oops
{"key":"nan","value":NaN}
{"key":"up","value":"inf"}
{"key":"down","value":-Infinity}
{"key":"loss","value":0.5,"step":2}
END
      printf 'long,${long}\\nbad#key,1\\n' > $STEMMA_REPORT/params.csv; echo '{"stemma.key":"mine","team":"fraud"}' > $STEMMA_REPORT/tags.json
      cd $STEMMA_ARTIFACTS; echo x > real; ln -s real inside; ln -s ${outside} outside; ln -s loop loop`;
    const card = await makeFolder();
    const tracked = await trackHere(["--card", card, ...sh(script)]);
    expect(tracked.code).toBe(0);
    const run = await tracked.run();
    const whole = "whole in the artifact params/long.txt";
    expect(tracked.said.split("\n").slice(1, -2).sort()).toEqual([
      expect.stringMatching(/^stemma: artifacts: "loop" cannot be kept, .*; left out$/),
      `stemma: artifacts: "outside" cannot be kept, it is a symbolic link out of the folder; left out`,
      `stemma: metrics.jsonl, line 2: this is not JSON; left out`,
      `stemma: param "long" has 7000 characters: shortened in MLflow, ${whole}`,
      `stemma: params.csv, line 2: the key "bad#key" holds something else than letters, digits, spaces and _ - . : /; left out`,
      `stemma: tags: the tag "stemma.key" is set by stemma alone; left out`,
    ]);
    // MLflow's database has the largest number in the place of an infinite one.
    const { MAX_VALUE } = Number;
    expect(run).toMatchObject({ status: "FINISHED", metrics: { loss: 0.5, nan: NaN, up: MAX_VALUE, down: -MAX_VALUE } });
    expect(run.params["long"]).toMatch(/^[0-9]+ \.\.\. \[shortened by stemma/);
    expect(run.tags).toMatchObject({ team: "fraud" });
    expect(run.tags["stemma.key"]).not.toBe("mine");
    expect(await artifactsOf(run.id)).toEqual({ real: 2, inside: 2, "params/long.txt": 7000 });
    expect(await readArtifact(run.id, "params/long.txt")).toBe(long);
    const { params, metrics } = await readCard(card);
    expect(params).toEqual({ long });
    expect(metrics).toMatchObject({ nan: "NaN", up: "Infinity", down: "-Infinity" });
  });
});

describe.concurrent("secrets", () => {
  test("reach neither MLflow nor the card; the command and its user see them", async () => {
    const secret = "n0t-For-Everybody";
    const url = `https://me:${secret}@example.org/data`;
    const report = `echo '{"apiToken":"${secret}","source":"${url}","depth":5}' > $STEMMA_REPORT/params.json
      echo '{"origin":"${url}"}' > $STEMMA_REPORT/tags.json; echo "password=${secret} $CUSTOM"; echo "from $DB_PASSWORD" >&2`;
    const card = await makeFolder();
    const argv = [
      "--redact",
      "CUST*",
      "--tag",
      `home=${url}`,
      "--card",
      card,
      ...sh(report),
      "--password",
      secret,
      `--token=${secret}`,
    ];
    const track = await runTrack(argv, { env: { DB_PASSWORD: secret, CUSTOM: "my-own-Secret-1" } });
    expect(track).toMatchObject({ code: 0, stdout: `password=${secret} my-own-Secret-1\n` });
    expect(track.stderr).toContain(`from ${secret}\n`);
    const run = await track.run();
    expect(run.params["depth"]).toBe("5");
    const log = await readArtifact(run.id, "log/output.log");
    expect(log.split("\n")).toHaveLength(3);
    for (const text of [JSON.stringify(run), JSON.stringify(await readCard(card)), log])
      expect(text).not.toMatch(/n0t-For-Everybody|my-own-Secret-1/);
  });
});

describe.concurrent("when MLflow is away", () => {
  const relays: TrackingProxy[] = [];

  afterAll(() => Promise.all(relays.map((relay) => relay.close())));

  test("at the start, with --require-tracking: one line, exit code 4, and the command does not run", async () => {
    const cwd = await makeFolder();
    const mlflow = `http://me:secret@127.0.0.1:${await freePort()}`;
    const tracked = await trackHere(["--require-tracking", ...sh("touch begun")], { mlflow, cwd });
    expect(tracked.code).toBe(4);
    expect(tracked.said).toMatch(
      /^stemma: MLflow at http:\/\/127\.0\.0\.1:\d+ cannot be reached: connection refused\. Is it running\? .*\n$/,
    );
    expect(await readdir(cwd)).toEqual([]);
  });

  test("for a while: the command goes on, and all arrives in the end", async () => {
    const relay = await plainNetwork(client.uri).open();
    relays.push(relay);
    const folder = await makeFolder();
    const script = `${metric("a")}; touch ${folder}/begun; ${waitFor(`${folder}/more`)}; ${metric("b")}; ${waitFor(`${folder}/end`)}; ${metric("c")}`;
    const { promise: waits, resolve } = Promise.withResolvers<void>();
    const onSay = (said: string): void => (said.includes("what it reports waits") ? resolve() : undefined);
    const tracking = trackHere(sh(script), { mlflow: relay.uri, onSay });
    await expect.poll(() => existsSync(join(folder, "begun")), { timeout: 30_000 }).toBe(true);
    await relay.close();
    await writeFile(join(folder, "more"), "");
    await waits;
    await relay.open();
    await writeFile(join(folder, "end"), "");
    const tracked = await tracking;
    expect(tracked.code).toBe(0);
    expect(await tracked.run()).toMatchObject({ status: "FINISHED", metrics: { a: 1, b: 1, c: 1 } });
  });
});
