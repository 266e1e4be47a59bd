import * as fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { type MlflowSource, absentSource } from "../../src/collect/ports.ts";
import { refreshRuns, syncMlflow } from "../../src/collect/mlflow-sync.ts";
import { StemmaError } from "../../src/lineage/errors.ts";
import type { Node } from "../../src/lineage/graph.ts";
import { dump } from "../../src/lineage/store/dump.ts";
import type { NodeRecord } from "../../src/lineage/store/lineage-index.ts";
import { LineageIndex } from "../../src/lineage/store/lineage-index.ts";
import type { Identity, Urn } from "../../src/lineage/urn.ts";
import { formatUrn } from "../../src/lineage/urn.ts";
import type { CommitName } from "../../src/pachyderm/types.ts";
import { hexId } from "../helpers/fake-lineage-sources.ts";
import { FakeMlflow } from "../helpers/fake-mlflow.ts";
import { runs as times } from "../helpers/scale.ts";

const SEEN = new Date("2026-12-01T00:00:00Z");
const LATER = new Date("2026-12-02T00:00:00Z");
const MUCH_LATER = new Date("2028-01-01T00:00:00Z");

let mlflow: FakeMlflow;
let index: LineageIndex;

beforeEach(() => {
  mlflow = new FakeMlflow();
  index = new LineageIndex(":memory:");
});

async function sync(options: { readonly full?: boolean; readonly now?: Date } = {}): Promise<{ runs: number; models: number }> {
  const { now = SEEN, full } = options;
  const { runs, models } = await syncMlflow(index, mlflow, { full, now: () => now });
  return { runs, models };
}

function record(identity: Identity): NodeRecord | undefined {
  return index.record(formatUrn(identity));
}

function runRecord(word: string): NodeRecord | undefined {
  return record({ kind: "run", id: hexId(word) });
}

function up(node: Identity): string[] {
  return index
    .edgesUp(formatUrn(node))
    .map(({ kind, to, files }) => `${kind} ${short(to)}${files === undefined ? "" : ` ${files.names.join(" ")}`}`);
}

function short(urn: Urn): string {
  return urn.replace("urn:stemma:", "");
}

function commit(repo: string, word: string): CommitName {
  return { repo: { project: "default", name: repo, type: "user" }, id: hexId(word) };
}

function run(word: string): Identity {
  return { kind: "run", id: hexId(word) };
}

function isAttempt(...words: readonly string[]): (boolean | undefined)[] {
  return words.map((word) => runRecord(word)?.attempt);
}

function version(number: number): Identity {
  return { kind: "model-version", name: "fraud", version: number };
}

function fraud(number: number): Node | undefined {
  return record(version(number))?.node;
}

/** What points, or pointed, at what, and on which days. */
function labels(scope: string): string[] {
  return index.labels({ scope }).map(({ name, target, since, until }) => {
    const end = until === undefined ? "" : ` until ${day(until)}`;
    return `${name} ${short(target)} ${day(since)}${end}`;
  });
}

function day(time: Date): string {
  return time.toISOString().slice(0, 10);
}

function gone(identity: Identity): Date | undefined {
  return record(identity)?.gone;
}

/** What a sync asks and is told after one new run, when there are so many. */
async function costOfOneRun(count: number): Promise<{ calls: number; told: number }> {
  const source = new FakeMlflow();
  for (let at = 0; at < count; at += 1) source.run(hexId(`${at}`), { at: at * 10, deleted: at % 100 === 7 });
  using known = new LineageIndex(":memory:");
  await syncMlflow(known, source, { now: () => MUCH_LATER });
  source.run(hexId("new"), { at: count * 10 });
  source.calls.length = 0;
  source.runsTold = 0;
  await syncMlflow(known, source, { now: () => MUCH_LATER });
  return { calls: source.calls.length, told: source.runsTold };
}

describe("what a run says", () => {
  test("a run in a job lies within its job and datum, and the job's output commit came of it", async () => {
    const output = commit("train", "one");
    mlflow.runOf(hexId("r"), output, "ab12", commit("etl", "in"), { tags: { "mlflow.source.git.commit": "a".repeat(40) } });
    await sync();
    expect(up(run("r"))).toEqual([
      `used code:${"a".repeat(40)}`,
      `within datum:default/train@${hexId("one")}:ab12`,
      `within job:default/train@${hexId("one")}`,
    ]);
    expect(up({ kind: "commit", project: "default", repo: "train", type: "user", id: hexId("one") })).toEqual([
      `generated run:${hexId("r")}`,
    ]);
    expect(runRecord("r")).toMatchObject({
      rank: "source",
      since: new Date("2026-11-21T10:00:00Z"),
      node: {
        state: "finished",
        params: { maxDepth: "5" },
        metrics: { areaUnderPR: 0.5 },
        link: `http://mlflow.test/#/experiments/1/runs/${hexId("r")}`,
      },
    });
  });

  test("a run outside of jobs used the commits, data sets, models that it names, and ran within its parent", async () => {
    const id = hexId("in");
    mlflow.loggedModel("m-old");
    const source = (path: string): string => JSON.stringify({ uri: `pachyderm://default/etl@${id}:${path}` });
    mlflow.run(hexId("r"), {
      tags: { "mlflow.parentRunId": hexId("parent") },
      datasets: [
        { name: "etl", digest: "1", sourceType: "pachyderm", source: source("/b.csv"), context: undefined },
        { name: "etl", digest: "2", sourceType: "pachyderm", source: source("/a.csv"), context: undefined },
        { name: "prices", digest: "ff", sourceType: "s3", source: "s3://b/x.csv", context: undefined },
      ],
      modelInputs: ["m-old"],
      outputs: ["m-new"],
    });
    await sync();
    expect(up(run("r"))).toEqual([
      `used commit:default/etl@${id} /a.csv /b.csv`,
      "used dataset:prices@ff",
      "used logged-model:m-old",
      `within run:${hexId("parent")}`,
    ]);
    expect(up({ kind: "logged-model", id: "m-new" })).toEqual([`generated run:${hexId("r")}`]);
    expect(record({ kind: "dataset", name: "prices", digest: "ff" })).toMatchObject({
      rank: "told",
      node: { source: "s3://b/x.csv", sourceType: "s3" },
    });
  });

  test("which models a run read is asked for once there are models, and not again for a run that is as it was", async () => {
    mlflow.run(hexId("r"));
    await sync();
    mlflow.loggedModel("m-1", { created: new Date("2026-11-21T09:00:00Z") });
    mlflow.run(hexId("s"), { at: 5, modelInputs: ["m-1"] });
    mlflow.run(hexId("t"), { at: -60 * 24 * 30, modelInputs: [] });
    mlflow.calls.length = 0;
    await sync();
    await sync();
    expect(mlflow.calls.filter((call) => call.startsWith("findRun"))).toEqual([`findRun ${hexId("s")}`]);
    expect(up(run("s"))).toEqual(["used logged-model:m-1"]);
    await sync({ full: true });
    expect(up(run("s"))).toEqual(["used logged-model:m-1"]);
  });

  test("tags that name no job, and a source that names no commit, are gaps at the run, which is kept", async () => {
    mlflow.run(hexId("r"), { tags: { "pachyderm.pipeline": "train", "pachyderm.job": "not hex" } });
    mlflow.run(hexId("s"), { tags: { "pachyderm.inputs": "{" } });
    mlflow.run(hexId("t"), {
      datasets: [{ name: "etl", digest: "1", sourceType: "pachyderm", source: "?", context: undefined }],
    });
    expect(await sync()).toEqual({ runs: 3, models: 0 });
    const gaps = ["r", "s", "t"].flatMap((word) => index.gaps(formatUrn(run(word))).map(({ why }) => why));
    expect(gaps).toEqual([
      `the pachyderm tags of run ${hexId("r")} name no job`,
      `the tag pachyderm.inputs of run ${hexId("s")} is not what stemma track writes`,
      'its data set "etl" is of Pachyderm and does not say which commit',
    ]);
  });

  test("long notes and the history of models are left out of its tags", async () => {
    mlflow.run(hexId("r"), {
      tags: { "mlflow.note.content": "n".repeat(2000), "mlflow.log-model.history": "[]", team: "fraud" },
    });
    mlflow.run(hexId("s"), { tags: { "mlflow.note.content": "short" } });
    await sync();
    expect(runRecord("r")?.node).toMatchObject({ tags: { team: "fraud" } });
    expect(runRecord("s")?.node).toMatchObject({ tags: { "mlflow.note.content": "short" } });
  });
});

describe("what becomes of runs", () => {
  test("a run that had not ended is read again until it has", async () => {
    mlflow.run(hexId("r"), { status: "RUNNING" });
    for (let at = 1; at <= 5; at += 1) mlflow.run(hexId(`later ${at}`), { at: at * 60 });
    await sync();
    mlflow.change(hexId("r"), { status: "FINISHED", metrics: { auc: 0.9 } });
    expect(await sync()).toEqual({ runs: 1, models: 0 });
    expect(runRecord("r")?.node).toMatchObject({ state: "finished", metrics: { auc: 0.9 } });
    expect(await sync()).toEqual({ runs: 0, models: 0 });
  });

  test("a run that came late, with a start long ago, is found by the number of runs", async () => {
    for (let at = 0; at < 50; at += 1) mlflow.run(hexId(`run ${at}`), { at: at * 60 });
    await sync();
    mlflow.run(hexId("late"), { at: 47 * 60 + 30 });
    expect((await sync()).runs).toBeLessThan(15);
    expect(runRecord("late")).toBeDefined();
    mlflow.run(hexId("very late"), { at: -60 * 24 * 365 * 20 });
    await sync();
    expect(runRecord("very late")).toBeDefined();
  });

  test("a clock that is ahead hides nothing that comes after", async () => {
    mlflow.run(hexId("ahead"), { at: 60 * 24 * 365 });
    await sync();
    mlflow.run(hexId("next"), { at: 60 * 24 * 11 });
    await sync({ now: LATER });
    expect(runRecord("next")).toBeDefined();
  });

  test("deleted and restored runs are seen, and a deleted one keeps when that was seen first", async () => {
    for (let at = 0; at < 20; at += 1) mlflow.run(hexId(`run ${at}`), { at: at * 60 });
    await sync();
    mlflow.change(hexId("run 3"), { deleted: true });
    expect((await sync()).runs).toBe(1);
    await sync({ now: LATER, full: true });
    expect(runRecord("run 3")).toMatchObject({ gone: SEEN, node: { state: "finished, deleted" } });
    mlflow.change(hexId("run 3"), { deleted: false });
    mlflow.change(hexId("run 4"), { deleted: true });
    mlflow.change(hexId("run 5"), { deleted: true });
    await sync({ now: LATER });
    expect([3, 4, 5].map((at) => runRecord(`run ${at}`)?.gone)).toEqual([undefined, LATER, LATER]);
  });

  test("a run that is removed for good is marked, and stays with its links", async () => {
    const output = commit("train", "one");
    mlflow.runOf(hexId("r"), output, "ab", commit("etl", "in"));
    mlflow.run(hexId("s"));
    await sync();
    mlflow.forget(hexId("r"));
    await sync({ now: LATER });
    expect(runRecord("r")).toMatchObject({ gone: LATER, node: { state: "finished" } });
    expect(up(run("r"))).toHaveLength(2);
    expect(runRecord("s")?.gone).toBeUndefined();
  });

  test("refreshRuns reads what changed in a run without a trace, and marks what is gone", async () => {
    for (const word of ["r", "s", "t"]) mlflow.run(hexId(word), { at: word === "t" ? 600 : 0 });
    await sync();
    mlflow.change(hexId("r"), { tags: { team: "fraud" } });
    mlflow.forget(hexId("s"));
    expect((await sync({ now: SEEN })).runs).toBeGreaterThan(0);
    await refreshRuns(index, mlflow, [hexId("r"), hexId("s"), hexId("nobody")], LATER);
    expect(runRecord("r")?.node).toMatchObject({ tags: { team: "fraud" } });
    expect(runRecord("s")?.gone).toEqual(SEEN);
    expect(runRecord("nobody")).toBeUndefined();
  });
});

test("what was added to a run on demand stays while the run is as it was, and nothing is written", async () => {
  mlflow.run(hexId("r"), { tags: { "pachyderm.pipeline": "train", "pachyderm.job": "?" } });
  await sync();
  const file: Identity = { kind: "file", project: "default", repo: "etl", type: "user", commit: hexId("in"), path: "/a.csv" };
  const urn = formatUrn(run("r"));
  index.write((writer) => writer.add(urn, [{ from: urn, kind: "used", to: formatUrn(file) }]));
  const changes = (): unknown => index.get("SELECT total_changes() AS count");
  const before = changes();
  await refreshRuns(index, mlflow, [hexId("r")], LATER);
  expect(changes()).toEqual(before);
  expect(up(run("r"))).toEqual([`used file:default/etl@${hexId("in")}:/a.csv`]);
  mlflow.change(hexId("r"), { tags: {} });
  await refreshRuns(index, mlflow, [hexId("r")], LATER);
  expect(up(run("r"))).toEqual([]);
});

describe("attempts", () => {
  const output = commit("train", "one");
  const input = commit("etl", "in");

  test("a failed run becomes one when a run of its datum or key gets through", async () => {
    mlflow.runOf(hexId("a"), output, "ab", input, { status: "FAILED" });
    mlflow.runOf(hexId("b"), output, "cd", input, { status: "FAILED" });
    mlflow.run(hexId("c"), { status: "KILLED", tags: { "stemma.key": "k" } });
    await sync();
    expect(isAttempt("a", "b", "c")).toEqual([undefined, undefined, undefined]);
    mlflow.runOf(hexId("d"), output, "ab", input, { at: 60 });
    mlflow.run(hexId("e"), { at: 60, tags: { "stemma.key": "k" } });
    await sync();
    expect(isAttempt("a", "b", "c", "d", "e")).toEqual([true, undefined, true, undefined, undefined]);
    expect(up(run("a"))).toHaveLength(2);
  });

  test("a run that was made twice is one, whatever its state", async () => {
    mlflow.run(hexId("a"), { tags: { "stemma.superseded_by": hexId("b") } });
    mlflow.run(hexId("b"));
    await sync();
    expect(isAttempt("a", "b")).toEqual([true, undefined]);
    expect(runRecord("a")?.node).toMatchObject({ supersededBy: hexId("b") });
  });

  test("it is the same in whatever order runs come, and however often", () => {
    const told = fc.record({
      status: fc.constantFrom("FINISHED", "FAILED", "KILLED", "RUNNING"),
      datum: fc.constantFrom("ab", "cd"),
      key: fc.constantFrom("k", "l", undefined),
    });
    const histories = fc.array(told, { minLength: 1, maxLength: 6 }).chain((list) =>
      fc.record({
        list: fc.constant(list),
        order: fc.shuffledSubarray([...list.keys()], { minLength: list.length }),
        again: fc.subarray([...list.keys()]),
      }),
    );
    return fc.assert(
      fc.asyncProperty(histories, async ({ list, order, again }) => {
        const source = new FakeMlflow();
        for (const [at, { status, datum, key }] of list.entries())
          source.runOf(hexId(`run ${at}`), output, datum, input, {
            status: status as "FINISHED",
            at,
            tags: key === undefined ? {} : { "stemma.key": key },
          });
        using whole = new LineageIndex(":memory:");
        await syncMlflow(whole, source, { now: () => SEEN });
        using pieces = new LineageIndex(":memory:");
        for (const at of [...order, ...again]) await refreshRuns(pieces, source, [hexId(`run ${at}`)], SEEN);
        expect([...dump(pieces)]).toEqual([...dump(whole)]);
      }),
      times(40),
    );
  });
});

describe("models", () => {
  test("a version comes from its logged model, that from its run; without one, from the run; a copy from the other version", async () => {
    mlflow.loggedModel("m-1", { sourceRunId: hexId("r"), params: { depth: "5" }, metrics: { auc: 0.9 }, tags: { a: "b" } });
    mlflow.version("fraud", { source: "models:/m-1", runId: hexId("r") });
    mlflow.version("fraud", { source: "mlflow-artifacts:/1/x/artifacts/model", runId: hexId("r") });
    mlflow.version("fraud", { source: `runs:/${hexId("r")}/model` });
    mlflow.version("fraud", { source: "models:/risk/7", runId: hexId("r") });
    expect(await sync()).toEqual({ runs: 0, models: 5 });
    expect(up({ kind: "logged-model", id: "m-1" })).toEqual([`generated run:${hexId("r")}`]);
    expect(record({ kind: "logged-model", id: "m-1" })?.node).toMatchObject({
      name: "forest",
      state: "ready",
      params: { depth: "5" },
      metrics: { auc: 0.9 },
      tags: { a: "b" },
    });
    const ofRun = `generated run:${hexId("r")}`;
    expect([1, 2, 3, 4].map((each) => up(version(each)))).toEqual([
      ["derived logged-model:m-1"],
      [ofRun],
      [ofRun],
      ["derived model-version:risk/7", ofRun],
    ]);
    expect(record(version(1))?.since).toEqual(new Date("2026-11-21T10:20:00Z"));
  });

  test("an alias that moves without a trace is seen, with its history, and both versions say it", async () => {
    mlflow.version("fraud");
    mlflow.version("fraud");
    mlflow.alias("fraud", "champion", "1");
    mlflow.alias("fraud", "old", "1");
    await sync();
    expect(fraud(1)).toMatchObject({ aliases: ["champion", "old"] });
    mlflow.alias("fraud", "champion", "2");
    mlflow.alias("fraud", "old", undefined);
    mlflow.calls.length = 0;
    await sync({ now: LATER });
    expect(mlflow.calls.filter((call) => call.startsWith("listVersionsOf"))).toEqual([]);
    expect([fraud(1), fraud(2)]).toMatchObject([{ aliases: [] }, { aliases: ["champion"] }]);
    expect(labels("alias:fraud")).toEqual([
      "champion model-version:fraud/1 2026-12-01 until 2026-12-02",
      "old model-version:fraud/1 2026-12-01 until 2026-12-02",
      "champion model-version:fraud/2 2026-12-02",
    ]);
  });

  test("stages, and tags of the newest versions, are seen; tags of others by a full sync", async () => {
    for (let each = 1; each <= 3; each += 1) mlflow.version("fraud");
    await sync();
    mlflow.changeVersion("fraud", "1", { stage: "Production" });
    await sync({ now: LATER });
    expect(fraud(1)).toMatchObject({ stage: "Production" });
    expect(labels("stage:fraud")).toEqual(["Production model-version:fraud/1 2026-12-02"]);
    for (const each of ["1", "2", "3"]) mlflow.changeVersion("fraud", each, { tags: { approved: "yes" } });
    await sync();
    expect([1, 2, 3].map((each) => fraud(each))).toMatchObject([
      { tags: { approved: "yes" } },
      { tags: {} },
      { tags: { approved: "yes" } },
    ]);
    await sync({ full: true });
    expect(fraud(2)).toMatchObject({ tags: { approved: "yes" } });
    mlflow.changeVersion("fraud", "1", { stage: "Archived" });
    await sync({ now: LATER });
    expect(labels("stage:fraud")).toContain("Archived model-version:fraud/1 2026-12-02");
  });

  test("deleted versions, names and logged models are marked, and their aliases end", async () => {
    mlflow.loggedModel("m-1");
    mlflow.version("fraud");
    mlflow.version("fraud");
    mlflow.version("risk");
    mlflow.alias("fraud", "champion", "2");
    mlflow.alias("risk", "champion", "1");
    await sync();
    mlflow.forgetVersion("fraud", "2");
    mlflow.forgetRegisteredModel("risk");
    mlflow.forgetLoggedModel("m-1");
    await sync({ now: LATER });
    expect([version(1), version(2), { kind: "model-version", name: "risk", version: 1 } as const].map(gone)).toEqual([
      undefined,
      LATER,
      LATER,
    ]);
    expect(labels("alias:risk")).toEqual(["champion model-version:risk/1 2026-12-01 until 2026-12-02"]);
    expect(gone({ kind: "logged-model", id: "m-1" })).toBeUndefined();
    await sync({ now: LATER, full: true });
    expect(gone({ kind: "logged-model", id: "m-1" })).toEqual(LATER);
  });
});

describe("how it asks", () => {
  test("after one new run as many calls, and as many runs read, with 10,000 runs known as with 10", async () => {
    expect(await costOfOneRun(10_000)).toEqual(await costOfOneRun(10));
  });

  test("a sync that was killed goes on where it was, and leaves the same graph", async () => {
    for (let at = 0; at < 1200; at += 1) mlflow.run(hexId(`${at}`), { at });
    const controller = new AbortController();
    const onProgress = (): void => controller.abort();
    await expect(syncMlflow(index, mlflow, { onProgress, signal: controller.signal, now: () => SEEN })).rejects.toMatchObject({
      name: "AbortError",
    });
    expect([...index.records(["run"])]).toHaveLength(500);
    mlflow.runsTold = 0;
    await sync();
    expect(mlflow.runsTold).toBe(702);
    using other = new LineageIndex(":memory:");
    await syncMlflow(other, mlflow, { now: () => SEEN });
    expect([...dump(index)]).toEqual([...dump(other)]);
  });

  test("an MLflow 2, a server without experiments, and one whose pages have no numbers are read as well", async () => {
    mlflow.hasLoggedModels = false;
    mlflow.canCount = false;
    mlflow.run(hexId("r"));
    mlflow.version("fraud", { runId: hexId("r") });
    expect(await sync()).toEqual({ runs: 1, models: 1 });
    expect(await sync()).toEqual({ runs: 0, models: 0 });
    mlflow.experiments = [];
    expect(await sync()).toEqual({ runs: 0, models: 0 });
  });

  test("an MLflow that is away is UNREACHABLE, and nothing is changed", async () => {
    mlflow.run(hexId("r"));
    await sync();
    const before = [...dump(index)];
    const away = absentSource<MlflowSource>(new StemmaError("UNREACHABLE", "no answer"));
    await expect(syncMlflow(index, away)).rejects.toMatchObject({ code: "UNREACHABLE" });
    expect([...dump(index)]).toEqual(before);
  });
});
