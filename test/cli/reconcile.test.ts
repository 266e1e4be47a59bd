import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "@commander-js/extra-typings";
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from "vitest";
import type { Context } from "../../src/cli/context.ts";
import { ExitCode } from "../../src/cli/exit.ts";
import { reconcileCommand } from "../../src/cli/reconcile-command.ts";
import { MlflowClient } from "../../src/mlflow/client.ts";
import type { RunStatus } from "../../src/mlflow/types.ts";
import type { Reconciliation } from "../../src/tracker/reconcile/reconcile.ts";
import { type TestEngine, commitFiles, pipeline, repo, shellSpec, startTestEngine } from "../helpers/engine.ts";
import { freePort } from "../helpers/mlflow-server.ts";
import { newExperiment } from "../mlflow/fixtures.ts";
import { TrackProcess, makeFolder } from "../tracker/harness.ts";
import { stemma, testContext } from "./terminal.ts";

const PROGRAM = fileURLToPath(new URL("../../bin/stemma.js", import.meta.url));
const mlflow = new MlflowClient({ uri: inject("mlflowUri") });
const LONG_AGO = new Date("2026-01-01T10:00:00Z");
const LATER = new Date("2026-01-01T11:00:00Z");
const GONE = "0".repeat(32);

let running: TestEngine;
beforeAll(async () => {
  running = await startTestEngine();
  await running.client.createRepo(repo("raw"));
  const copyAll = { input: { pfs: { repo: "raw", glob: "/" } } };
  await running.client.createPipeline(shellSpec("train", "raw", "cp -r /pfs/raw/. /pfs/out/", copyAll));
});
afterAll(() => running.close());

/** Runs of a test's own experiment, as `stemma track` tags them. */
class Story {
  readonly experiment = newExperiment();

  async run(tags: Readonly<Record<string, string>>, end?: RunStatus, startTime = LONG_AGO): Promise<string> {
    const experimentId = await mlflow.experimentId(this.experiment);
    const all = { "stemma.key": crypto.randomUUID(), ...tags };
    const { id } = await mlflow.createRun({ experimentId, name: "tree", startTime, tags: all });
    if (end !== undefined) await mlflow.updateRun(id, { status: end, endTime: LATER });
    return id;
  }

  card(runId: string): string {
    return JSON.stringify({ schema: "stemma/run-card/1", runId, experimentName: this.experiment, key: `key of ${runId}` });
  }
}

interface Answer {
  readonly code: number;
  readonly text: string;
}

async function reconcile(argv: readonly string[], env: Context["env"] = {}): Promise<Answer> {
  let text = "";
  const addresses = { PACHD_ADDRESS: running.engine.address, MLFLOW_TRACKING_URI: mlflow.uri, ...env };
  const context = testContext({ cwd: "/", env: addresses }, { out: (part) => void (text += part) });
  const program = new Command().addCommand(reconcileCommand(context).exitOverride());
  try {
    await program.parseAsync(["reconcile", ...argv], { from: "user" });
    return { code: 0, text };
  } catch (error) {
    if (error instanceof ExitCode) return { code: error.code, text };
    throw error;
  }
}

async function findings(argv: readonly string[], env: Context["env"] = {}): Promise<Reconciliation & { readonly code: number }> {
  const { code, text } = await reconcile([...argv, "-o", "json"], env);
  const found = JSON.parse(text) as Reconciliation;
  const byKind = found.findings.toSorted((a, b) => `${a.kind} ${a.message}`.localeCompare(`${b.kind} ${b.message}`));
  return { ...found, findings: byKind, code };
}

/** The address of a server that lets nobody do anything. */
async function startForbidding(): Promise<string> {
  const server = createServer((_, answer) => answer.writeHead(403).end());
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Has `train` put these files out, and answers the commit's and job's id. */
async function putOut(files: Readonly<Record<string, string>>): Promise<string> {
  const id = await commitFiles(running.client, "raw", files);
  const { state } = await running.client.inspectJob({ pipeline: pipeline("train"), id }, { wait: true });
  expect(state).toBe("JOB_SUCCESS");
  return id;
}

function jobTags(id: string): Record<string, string> {
  return {
    "pachyderm.project": "default",
    "pachyderm.pipeline": "train",
    "pachyderm.repo": "train",
    "pachyderm.job": id,
    "pachyderm.commit": id,
  };
}

describe("stemma reconcile", () => {
  test("ends runs whose job has ended, or whose tracker fell silent, and leaves others alone", async () => {
    const story = new Story();
    const job = await putOut({ "/a": "a" });
    const away = { "stemma.host": "elsewhere", "stemma.pid": "1", "stemma.pid_started": "1" };
    const attempt = { attempt: 1, started: LONG_AGO.toISOString(), host: "elsewhere", pid: 1 };
    const heartbeat = { "stemma.heartbeat": LATER.toISOString() };
    const ofEndedJob = await story.run({ ...jobTags(job), ...heartbeat });
    const silent = await story.run({ ...away, ...heartbeat, "stemma.attempts": JSON.stringify([attempt]) });
    await story.run({ ...away, "stemma.heartbeat": new Date().toISOString() });

    const found = await findings(["--experiment", story.experiment]);
    expect(found).toMatchObject({ code: 1, complete: true, runs: 3 });
    expect(found.findings).toMatchObject([
      { kind: "stale-run", run: silent, mended: false },
      { kind: "stale-run", run: ofEndedJob, message: `job train@${job} has ended with JOB_SUCCESS`, mended: false },
    ]);
    expect(await mlflow.inspectRun(silent)).toMatchObject({ status: "RUNNING" });

    const fixed = await findings(["--fix", "--experiment", story.experiment]);
    expect(fixed).toMatchObject({ code: 0, findings: [{ mended: true }, { mended: true }] });
    const reason = `its tracker gave no sign since ${LATER.toISOString()}`;
    const { status, endTime, tags } = await mlflow.inspectRun(silent);
    expect({ status, endTime }).toEqual({ status: "KILLED", endTime: LATER });
    expect(tags["stemma.closed_because"]).toBe(reason);
    expect(JSON.parse(tags["stemma.attempts"] ?? "")).toEqual([
      { ...attempt, ended: LATER.toISOString(), status: "KILLED", reason },
    ]);
    expect(await findings(["--experiment", story.experiment])).toMatchObject({ code: 0, findings: [] });
  });

  test("ends the run of a tracker that was killed, and not before", async () => {
    const folder = await makeFolder();
    const script = `while [ ! -e ${folder}/go ]; do sleep 0.05; done`;
    const track = new TrackProcess(["--", "sh", "-c", script]);
    await track.sees("/runs/");
    const own = ["--experiment", track.experiment];
    expect(await findings(own)).toMatchObject({ code: 0, runs: 1, findings: [] });
    track.kill("SIGKILL");
    await writeFile(join(folder, "go"), "");
    await track.exitCode();
    const { id } = await track.run();
    expect(await findings(["--fix", ...own])).toMatchObject({
      code: 0,
      findings: [{ kind: "stale-run", run: id, mended: true }],
    });
    const { status, tags } = await mlflow.inspectRun(id);
    expect(status).toBe("KILLED");
    expect(tags["stemma.closed_because"]).toMatch(/^its tracker, process \d+ on .*, is gone$/);
    expect(JSON.parse(tags["stemma.attempts"] ?? "")).toMatchObject([{ attempt: 1, status: "KILLED" }]);
    expect(await findings(own)).toMatchObject({ code: 0, findings: [] });
  });

  test("closes the runs that were made a second time for the same work", async () => {
    const story = new Story();
    const key = { "stemma.key": crypto.randomUUID(), "stemma.host": "elsewhere", "stemma.heartbeat": new Date().toISOString() };
    const second = await story.run(key, "FINISHED", LATER);
    const first = await story.run(key);
    const third = await story.run(key, undefined, LATER);
    await story.run({}, "FINISHED");
    const fixed = await findings(["--fix", "--experiment", story.experiment]);
    expect(fixed.findings).toMatchObject([{ kind: "doubled-run" }, { kind: "doubled-run" }]);
    expect(new Set(fixed.findings.map(({ run }) => run))).toEqual(new Set([second, third]));
    expect(await mlflow.inspectRun(first)).toMatchObject({ status: "RUNNING" });
    for (const id of [second, third]) {
      const { status, tags, endTime } = await mlflow.inspectRun(id);
      expect(status).toBe("KILLED");
      expect(tags).toMatchObject({
        "stemma.superseded_by": first,
        "stemma.closed_because": `it was made a second time for the work of run ${first}`,
      });
      expect(endTime).toBeDefined();
    }
    expect(await findings(["--experiment", story.experiment])).toMatchObject({ code: 0, findings: [] });
  });

  test("holds runs against the output that they name, and cards and outboxes against the runs", async () => {
    const story = new Story();
    const other = new Story();
    const ids = {
      fine: await story.run({}, "FINISHED"),
      deleted: await story.run({}, "FINISHED"),
      without: await story.run({}, "FINISHED"),
      gone: await story.run(jobTags(GONE), "FAILED"),
      replayed: await story.run({ "stemma.key": "replayed", "stemma.replayed": "abc" }, "FINISHED"),
      unreplayed: await story.run({ "stemma.key": "unreplayed" }, "FINISHED"),
    };
    const outbox = (key: string): string =>
      JSON.stringify({ schema: "stemma/outbox/1", key, head: "abc", experiment: story.experiment });
    const commit = await putOut({
      [`/${ids.fine}`]: story.card(ids.fine),
      [`/${ids.deleted}`]: story.card(ids.deleted),
      [`/${"a".repeat(32)}`]: story.card("a".repeat(32)),
      [`/${"b".repeat(32)}`]: "no card at all",
      [`/${"c".repeat(32)}`]: other.card("c".repeat(32)),
      "/.stemma/outbox/1/outbox.json": outbox("replayed"),
      "/.stemma/outbox/2/outbox.json": outbox("unreplayed"),
      "/.stemma/outbox/3/outbox.json": outbox("never begun"),
    });
    // The same files are in the next commit as well, and are told of once.
    await putOut({ "/another": "file" });
    for (const id of [ids.fine, ids.deleted, ids.without]) await mlflow.logBatch(id, { tags: jobTags(commit) });
    await mlflow.deleteRun(ids.deleted);

    const at = `train@${commit}`;
    const lost = { kind: "commit-without-run", run: "a".repeat(32), commit: at, key: `key of ${"a".repeat(32)}`, mended: false };
    const cardless = { kind: "run-without-card", run: ids.without, commit: at, mended: false };
    const undelivered = [
      { kind: "undelivered", run: ids.unreplayed, commit: at, key: "unreplayed", mended: false },
      { kind: "undelivered", commit: at, key: "never begun", mended: false },
    ];
    const deleted = { kind: "deleted-run", run: ids.deleted, commit: at };
    const gone = { kind: "run-without-commit", run: ids.gone, commit: `train@${GONE}` };
    const found = await findings(["--experiment", story.experiment]);
    expect(found).toMatchObject({ code: 1, complete: true });
    expect(found.findings).toMatchObject([lost, deleted, cardless, gone, ...undelivered]);
    expect(found.findings.some(({ mended }) => mended)).toBe(false);
    expect(found.findings.at(-1)?.message).toContain(`stemma replay ${at}`);

    const fixed = await findings(["--fix", "--experiment", story.experiment]);
    expect(fixed.code).toBe(1);
    expect(fixed.findings.filter(({ mended }) => mended)).toMatchObject([deleted, gone]);
    expect(await mlflow.inspectRun(ids.deleted)).toMatchObject({ deleted: false });
    expect((await mlflow.inspectRun(ids.gone)).tags["stemma.commit_gone"]).toMatch(/^\d{4}-.*Z$/);
    const again = await findings(["--fix", "--experiment", story.experiment]);
    expect(again.findings).toMatchObject([lost, cardless, ...undelivered]);
  });

  test("finds the outbox of a job that MLflow was away from, and nothing any more once it is replayed", async () => {
    const story = new Story();
    await mlflow.experimentId(story.experiment);
    const away = `MLFLOW_TRACKING_URI=http://127.0.0.1:${await freePort()} MLFLOW_EXPERIMENT_NAME=${story.experiment}`;
    const script = `${away} ${process.execPath} ${PROGRAM} track -- sh -c 'echo a,1 > $STEMMA_REPORT/metrics.csv'`;
    await running.client.createRepo(repo("few"));
    await running.client.createPipeline(shellSpec("offline", "few", script));
    const id = await commitFiles(running.client, "few", { "/file": "text" });
    const { state } = await running.client.inspectJob({ pipeline: pipeline("offline"), id }, { wait: true });
    expect(state).toBe("JOB_SUCCESS");

    const found = await findings(["--experiment", story.experiment]);
    expect(found.findings).toMatchObject([{ kind: "undelivered", commit: `offline@${id}`, mended: false }]);
    const [argument = ""] = found.findings[0]?.message.match(/(?<=stemma replay )\S+/) ?? [];
    const addresses = { PACHD_ADDRESS: running.engine.address, MLFLOW_TRACKING_URI: mlflow.uri };
    expect(await stemma(["replay", argument], { cwd: "/", env: addresses })).toMatchObject({ code: 0 });
    expect(await findings(["--experiment", story.experiment])).toMatchObject({ code: 0, findings: [] });
  });

  test("draws a table, and says at the end how much was looked at", async () => {
    const story = new Story();
    const id = await story.run({ "stemma.host": "elsewhere" });
    const { code, text } = await reconcile(["--experiment", story.experiment, "--fix"]);
    expect(code).toBe(0);
    expect(text.replaceAll(id, "RUN").replace(/commits: \d+/, "commits: N")).toMatchInlineSnapshot(`
      "        FINDING    OF                                WHAT
      mended  stale-run  RUN  its tracker gave no sign since 2026-01-01T10:00:00.000Z
      runs: 1, output commits: N, findings: 1, left: 0
      "
    `);
  });

  test("says what it could not look at", async () => {
    const story = new Story();
    const stale = await story.run({ "stemma.host": "elsewhere" });
    const closed = `127.0.0.1:${await freePort()}`;
    const noPachyderm = await findings(["--experiment", story.experiment], { PACHD_ADDRESS: closed });
    expect(noPachyderm).toMatchObject({ code: 1, complete: false, findings: [{ kind: "stale-run", run: stale }] });
    expect(noPachyderm.unchecked).toEqual([expect.stringContaining("jobs and their output not looked at: ")]);
    const empty = new Story();
    await mlflow.experimentId(empty.experiment);
    expect(await findings(["--experiment", empty.experiment], { PACHD_ADDRESS: closed })).toMatchObject({ code: 6 });

    const forbidden = await startForbidding();
    const noMlflow = await findings([], { MLFLOW_TRACKING_URI: forbidden });
    expect(noMlflow).toMatchObject({ code: 6, complete: false, findings: [] });
    expect(noMlflow.unchecked).toEqual([expect.stringContaining("runs not looked at: ")]);
    const nobody = findings([], { MLFLOW_TRACKING_URI: forbidden, PACHD_ADDRESS: closed });
    await expect(nobody).rejects.toMatchObject({ code: "UNREACHABLE" });
    await expect(findings(["--experiment", "no such"])).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
