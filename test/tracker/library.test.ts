import { randomUUID } from "node:crypto";
import { mkdir, readFile, readdir, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { replayFolder } from "../../src/cli/replay-places.ts";
import { StemmaError, type TrackOptions, type TrackedRun, type TrackedWork, track } from "../../src/index.ts";
import { MlflowClient } from "../../src/mlflow/client.ts";
import type { Run } from "../../src/mlflow/types.ts";
import type { RunCard } from "../../src/tracker/card/run-card.ts";
import { metricLine, pairLine } from "../../src/tracker/library-lines.ts";
import { toRecordOptions } from "../../src/tracker/library-options.ts";
import { trackWork } from "../../src/tracker/library.ts";
import { Complaints } from "../../src/tracker/report/complaints.ts";
import { readJsonLine } from "../../src/tracker/report/metric-lines.ts";
import { Report } from "../../src/tracker/report/report.ts";
import { freePort } from "../helpers/mlflow-server.ts";
import { runs as scale } from "../helpers/scale.ts";
import { listOf } from "../mlflow/fixtures.ts";
import { client, makeFolder, newId, runTrack } from "./harness.ts";

const INDEX = fileURLToPath(new URL("../../src/index.ts", import.meta.url));

/** Options for a run in an experiment of its own, and what it says. */
function quietly<Options extends TrackOptions>(options: Options) {
  const lines: string[] = [];
  const say = (line: string): void => void lines.push(line);
  return { mlflow: client.uri, ...options, experiment: `test-${randomUUID()}`, say, lines };
}

/** As `track`, in a folder without a checkout: what a look around this one finds is no matter here. */
async function trackAway<Value>(options: TrackOptions, work: TrackedWork<Value>, env = {}): Promise<Value> {
  const { mlflow = client.uri, say = expect.unreachable } = options;
  const ports = {
    runs: new MlflowClient({ uri: mlflow }),
    connectJobSource: () => Promise.reject(new StemmaError("UNREACHABLE", "there is none")),
    say,
    now: () => new Date(),
    newKey: randomUUID,
  };
  const program = { command: ["node", "train.ts"], programName: "train.ts", cwd: tmpdir(), user: "tester", version: "0" };
  return trackWork(ports, toRecordOptions(options, { ...program, env, trackingUri: mlflow }), work);
}

async function runsOf(experiment: string): Promise<Run[]> {
  const experimentIds = [await client.experimentId(experiment)];
  return (await listOf(client.searchRuns({ experimentIds }))).sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function onlyRunOf(experiment: string): Promise<Run> {
  const [run, ...others] = await runsOf(experiment);
  if (run === undefined || others.length > 0) throw new Error(`${others.length + 1} runs`);
  return run;
}

/** The points of a curve: value, step, milliseconds. */
async function pointsOf({ id }: Run, key: string): Promise<(readonly [number, number, number])[]> {
  const query = new URLSearchParams({ run_id: id, metric_key: key });
  const answer = await fetch(`${client.uri}/api/2.0/mlflow/metrics/get-history?${query.toString()}`);
  const { metrics } = (await answer.json()) as { metrics: { value: number; step: number; timestamp: number }[] };
  return metrics.map(({ value, step, timestamp }) => [value, step, timestamp]);
}

async function readCard(folder: string): Promise<RunCard> {
  return JSON.parse(await readFile(join(folder, String((await readdir(folder))[0])), "utf8")) as RunCard;
}

async function refusal(work: (run: TrackedRun) => unknown, run: TrackedRun): Promise<string> {
  try {
    await work(run);
  } catch (error) {
    if (error instanceof StemmaError && error.code === "USAGE") return error.message;
    throw error;
  }
  throw new Error("it was not refused");
}

describe.concurrent("a function that returns", () => {
  test("passes on its value, and what it logs is in the run and on the card", async () => {
    const folder = await makeFolder();
    await mkdir(join(folder, "plots", "by day"), { recursive: true });
    await writeFile(join(folder, "model.bin"), "tree");
    await writeFile(join(folder, "plots", "by day", "roc.svg"), "curve");
    await symlink(join(folder, "model.bin"), join(folder, "plots", "model"));
    const options = quietly({ name: "my run", tags: { stage: "trial" }, card: join(folder, "card"), redact: ["pin"] });

    const time = new Date(1_700_000_000_000);
    const value = await track(options, async (run) => {
      run.logParam("key", "value");
      run.logParams({ depth: 5, shuffle: true, seed: 7n, text: 'größer, "quoted"\r\nlines', pin: 1234, depth2: NaN });
      run.logMetric("loss", 0.5);
      run.logMetric("loss", 0.25);
      run.logMetrics({ auc: NaN, far: 1 }, { step: 7, time });
      run.setTag("team", "fraud");
      run.setTags({ team: "risk", note: "one, two" });
      await run.logArtifact(join(folder, "model.bin"));
      await run.logArtifact(join(folder, "plots"), "all/plots");
      void run.logText("not waited for", "notes/read me.txt");
      return { id: run.id };
    });

    const run = await onlyRunOf(options.experiment);
    expect(value).toEqual({ id: run.id });
    expect(run).toMatchObject({
      name: "my run",
      status: "FINISHED",
      params: { key: "value", depth: "5", shuffle: "true", seed: "7", text: 'größer, "quoted"\r\nlines', depth2: "NaN" },
      metrics: { loss: 0.25, auc: NaN, far: 1 },
      tags: { stage: "trial", team: "risk", note: "one, two", "stemma.attempt": "1", "mlflow.source.type": "LOCAL" },
    });
    expect(run.params["pin"]).not.toContain("1234");
    expect((await pointsOf(run, "loss")).map(([value, step]) => [value, step])).toEqual([
      [0.5, 0],
      [0.25, 1],
    ]);
    expect(await pointsOf(run, "far")).toEqual([[1, 7, time.getTime()]]);
    const artifacts = await listOf(client.listArtifacts(run.id));
    expect(Object.fromEntries(artifacts.map(({ path, sizeBytes }) => [path, sizeBytes]))).toMatchObject({
      "model.bin": 4,
      "all/plots/by day/roc.svg": 5,
      "all/plots/model": 4,
      "notes/read me.txt": 14,
    });
    expect(await readCard(join(folder, "card"))).toMatchObject({ runId: run.id, status: "FINISHED", exitCode: 0 });
    expect(options.lines).toEqual([`run my run ${client.runLink(run)}`, `FINISHED ${client.runLink(run)}`]);
  });

  test("may be one of several at once, which do not mix", async () => {
    const options = quietly({});
    const work = async (name: string): Promise<string | undefined> =>
      trackAway({ ...options, name }, async (run) => {
        for (let step = 0; step < 50; step++) {
          run.logMetric("loss", name === "a" ? step : -step);
          await Promise.resolve();
        }
        run.logParam("name", name);
        await run.logText(name, "name.txt");
        return run.id;
      });
    const ids = await Promise.all([work("a"), work("b")]);
    const runs = await runsOf(options.experiment);
    expect(runs.map(({ id }) => id)).toEqual(ids);
    expect(runs).toMatchObject([
      { name: "a", params: { name: "a" }, metrics: { loss: 49 } },
      { name: "b", params: { name: "b" }, metrics: { loss: -49 } },
    ]);
    const [points = []] = await Promise.all(runs.map((run) => pointsOf(run, "loss")));
    expect(points.map(([value]) => value)).toEqual(Array.from({ length: 50 }, (_, step) => step));
  });

  test("has children, which are runs of their own within its run", async () => {
    const options = quietly({ name: "cv" });
    const sum = await trackAway(options, async (run) => {
      const fold = (name: string | undefined, loss: number): Promise<number> =>
        run.child({ name, tags: { fold: String(loss) } }, (child) => {
          child.logMetric("loss", loss);
          return loss;
        });
      const folds = await Promise.all([fold("first", 1), fold(undefined, 2)]);
      expect(await refusal(() => fold("first", 3), run)).toBe('this run has a child named "first" already');
      await expect(run.child({ name: "bad" }, () => Promise.reject(new Error("no data")))).rejects.toThrow("no data");
      return folds.reduce((a, b) => a + b);
    });
    expect(sum).toBe(3);
    const runs = await runsOf(options.experiment);
    const parent = runs[0];
    expect(parent).toMatchObject({ name: "cv", status: "FINISHED", metrics: {} });
    const tags = { "mlflow.parentRunId": parent?.id };
    expect(runs.slice(1)).toMatchObject([
      { name: "cv/2", status: "FINISHED", metrics: { loss: 2 }, tags: { ...tags, fold: "2" } },
      { name: "cv/bad", status: "FAILED", tags },
      { name: "cv/first", status: "FINISHED", metrics: { loss: 1 }, tags: { ...tags, fold: "1" } },
    ]);
  });
});

test.concurrent("what MLflow could never take is refused at once, and the rest is kept", async () => {
  const options = quietly({});
  await trackAway(options, async (run) => {
    run.logParam("depth", 5);
    const bad: readonly (readonly [(run: TrackedRun) => unknown, string])[] = [
      [(run) => run.logParam("depth", 6), 'the param "depth" was logged as "5", and MLflow does not change it'],
      [(run) => run.logParams({ good: 1, "": 2 }), "the key is empty"],
      [(run) => run.logParam("list", [1] as unknown as string), 'the value of "list" is no text, number or boolean'],
      [(run) => run.logMetric("loss", "1" as unknown as number), 'the value of the metric "loss" is no number'],
      [(run) => run.logMetric("loss", 1, { step: 1.5 }), "the step 1.5 is no whole number"],
      [(run) => run.logMetric("loss", 1, { time: new Date(NaN) }), 'the time of the metric "loss" is not after 1970'],
      [(run) => run.setTag("stemma.key", "mine"), 'the tag "stemma.key" is set by stemma alone'],
      [(run) => run.logText("text", "../outside"), `MLflow cannot keep an artifact named "../outside": a part of it is "..".`],
      [(run) => run.child({ name: "a\nb" }, () => 1), `a run's name is not empty and has no control characters, unlike "a\\nb"`],
    ];
    for (const [work, message] of bad) expect(await refusal(work, run)).toBe(message);
  });
  expect(await onlyRunOf(options.experiment)).toMatchObject({ status: "FINISHED", params: { depth: "5" }, metrics: {} });
  await expect(trackAway({ ...options, tags: { "pachyderm.job": "x" } }, () => 1)).rejects.toMatchObject({ code: "USAGE" });
});

describe.concurrent("a function that throws", () => {
  test("makes its run FAILED with the reason, and its error is passed on as it is", async () => {
    const options = quietly({});
    const error = new RangeError("too deep: password=hunter2\n  more");
    let kept: TrackedRun | undefined;
    const failing = trackAway(options, (run) => {
      kept = run;
      run.logMetric("loss", 1);
      throw error;
    });
    await expect(failing).rejects.toBe(error);
    const run = await onlyRunOf(options.experiment);
    expect(run).toMatchObject({ status: "FAILED", metrics: { loss: 1 } });
    expect(run.tags["stemma.attempts"]).toContain('"reason":"RangeError: too deep: password=');
    expect(run.tags["stemma.attempts"]).not.toContain("hunter2");
    expect(() => kept?.logMetric("loss", 2)).toThrow("the run has ended");
  });

  test("makes its run KILLED when it was aborted, and that of a child as well", async () => {
    const options = quietly({ name: "endless" });
    const abort = new AbortController();
    const endless = trackAway({ ...options, signal: abort.signal }, (run) =>
      run.child({}, async (child) => {
        child.logParam("begun", true);
        setImmediate(() => abort.abort(new Error("enough")));
        await new Promise((_, reject) => child.signal.addEventListener("abort", () => reject(new Error("my own"))));
      }),
    );
    await expect(endless).rejects.toThrow("my own");
    const runs = await runsOf(options.experiment);
    expect(runs).toMatchObject([
      { name: "endless", status: "KILLED" },
      { name: "endless/1", status: "KILLED", params: { begun: "true" } },
    ]);
    for (const run of runs) expect(run.tags["stemma.attempts"]).toContain('"reason":"aborted: Error: enough"');
  });

  test("is not called when it was aborted before, and there is no run", async () => {
    const options = quietly({ signal: AbortSignal.abort(new Error("too late")) });
    await expect(trackAway(options, () => expect.unreachable())).rejects.toThrow("too late");
    expect(options.lines).toEqual([]);
  });

  test("is not called when it was aborted while its run was made, which is KILLED", async () => {
    const abort = new AbortController();
    const say = (): void => abort.abort(new Error("just now"));
    const options = { ...quietly({}), say, signal: abort.signal };
    await expect(trackAway(options, () => expect.unreachable())).rejects.toThrow("just now");
    expect(await onlyRunOf(options.experiment)).toMatchObject({ status: "KILLED" });
  });
});

describe.concurrent("when MLflow is away", () => {
  test("the function runs, its value is returned, and replaying its outbox delivers what it logged", async () => {
    const outbox = join(await makeFolder(), "outbox");
    const options = quietly({ outbox, name: "alone", mlflow: `http://127.0.0.1:${await freePort()}` });
    const value = await trackAway(options, async (run) => {
      expect(run.id).toBeUndefined();
      run.logParam("depth", 5);
      run.logMetric("loss", 0.5);
      await run.logText("curve", "roc.svg");
      return "done";
    });
    expect(value).toBe("done");
    expect(options.lines.join("\n")).toContain("stemma replay");

    const { replayed } = await replayFolder({ runs: client, say: expect.unreachable }, outbox);
    const run = await onlyRunOf(options.experiment);
    expect(replayed).toMatchObject([{ run: { id: run.id } }]);
    expect(run).toMatchObject({ name: "alone", status: "FINISHED", params: { depth: "5" }, metrics: { loss: 0.5 } });
    expect((await listOf(client.listArtifacts(run.id))).map(({ path }) => path)).toContain("roc.svg");
  });

  test("with requireTracking the function is not called", async () => {
    const options = quietly({ requireTracking: true, mlflow: `http://127.0.0.1:${await freePort()}` });
    await expect(trackAway(options, () => expect.unreachable())).rejects.toMatchObject({ code: "UNREACHABLE" });
  });
});

test.concurrent("the work is done but its card cannot be written: that is said by the rejection", async () => {
  const file = join(await makeFolder(), "file");
  await writeFile(file, "");
  const options = quietly({ card: file });
  await expect(trackAway(options, () => 1)).rejects.toMatchObject({ code: "FAILED" });
  expect(await onlyRunOf(options.experiment)).toMatchObject({ status: "FAILED" });
});

test.concurrent("in a Pachyderm job the run names the job, its card is in the output, and another attempt continues it", async () => {
  const root = await makeFolder();
  const job = newId();
  await mkdir(join(root, "out"));
  const env = {
    PACH_JOB_ID: job,
    PACH_OUTPUT_COMMIT_ID: job,
    PACH_DATUM_ID: "d".repeat(64),
    PPS_PIPELINE_NAME: "train",
    STEMMA_PFS_ROOT: root,
  };
  const options = quietly({});
  const attempt = (loss: number): Promise<void> =>
    trackAway(
      options,
      (run) =>
        run.child({ name: "fold" }, (child) => {
          child.logMetric("loss", loss);
          if (loss > 1) throw new Error("diverged");
        }),
      env,
    );
  await expect(attempt(2)).rejects.toThrow("diverged");
  await attempt(1);
  const runs = await runsOf(options.experiment);
  const tags = { "stemma.attempt": "2", "pachyderm.job": job };
  expect(runs).toMatchObject([
    { name: `train@${job.slice(0, 8)}`, status: "FINISHED", tags },
    { name: `train@${job.slice(0, 8)}/fold`, status: "FINISHED", tags: { ...tags, "mlflow.parentRunId": runs[0]?.id } },
  ]);
  expect((await readdir(join(root, "out"))).sort()).toEqual(runs.map(({ id }) => id).sort());
});

test.concurrent("in a program that is tracked itself the run becomes a part of the program's", async () => {
  const cwd = await makeFolder();
  const program = `
    import { track } from ${JSON.stringify(INDEX)};
    const id = await track({}, (run) => (run.logMetric("loss", 1), run.id));
    console.log(id);`;
  await writeFile(join(cwd, "train.ts"), program);
  const outer = await runTrack(["--", process.execPath, "train.ts"], { cwd });
  expect(outer).toMatchObject({ code: 0 });
  const run = await client.inspectRun(outer.stdout.trim());
  expect(run).toMatchObject({ name: "train.ts", metrics: { loss: 1 } });
  expect(run.tags).toMatchObject({ "mlflow.parentRunId": (await outer.run()).id, "stemma.script": "train.ts" });
});

/** A database may refuse it. */
function withoutNul(params: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(params).map(([key, value]) => [key, value.replaceAll("\0", "\uFFFD")]));
}

test("pairs and metrics are read from a report's files as they were written", async () => {
  const key = fc.stringMatching(/^[a-zA-Z0-9 _-]{1,20}$/);
  const time = fc.date({ min: new Date(0), noInvalidDate: true });
  const metric = fc.record({ key, value: fc.double({ noDefaultInfinity: false }), step: fc.maxSafeInteger(), time });
  const folder = await makeFolder();
  const law = fc.asyncProperty(fc.dictionary(key, fc.string({ unit: "binary" })), metric, async (params, point) => {
    const complaints = new Complaints((line) => expect.unreachable(line));
    await writeFile(join(folder, "params.csv"), `key,value\n${Object.entries(params).map(pairLine).join("")}`);
    expect(await new Report(folder, complaints, () => new Date()).readParams(true)).toEqual(withoutNul(params));
    expect(readJsonLine(metricLine(point))).toEqual({ ...point, value: point.value + 0 });
  });
  await fc.assert(law, scale(50));
});
