import { describe, expect, test } from "vitest";
import { type MlflowSource, type PachydermSource, absentSource } from "../../src/collect/ports.ts";
import { expander } from "../../src/collect/expand.ts";
import { sync } from "../../src/collect/sync.ts";
import { StemmaError } from "../../src/lineage/errors.ts";
import type { Node } from "../../src/lineage/graph.ts";
import { isPlacing } from "../../src/lineage/graph.ts";
import { LineageIndex } from "../../src/lineage/store/lineage-index.ts";
import type { Urn } from "../../src/lineage/urn.ts";
import { formatUrn } from "../../src/lineage/urn.ts";
import type { Trace } from "../../src/lineage/answer.ts";
import { walk } from "../../src/lineage/walk.ts";
import { FakePachyderm, hexId } from "../helpers/fake-lineage-sources.ts";
import type { Story } from "./story.ts";
import { OTHER_SET, RUN, SET, ask, askIndex, coarseThings, demoStory, thingName, things } from "./story.ts";

const DOWN = new StemmaError("UNREACHABLE", "MLflow cannot be reached");

describe("up from a run", () => {
  test("are its job, the commits on the way and the raw files", async () => {
    const trace = await ask(demoStory(), RUN, "up");
    expect(coarseThings(trace)).toEqual([
      "commit etl@S",
      "commit raw_data@S",
      "commit split@S",
      "job etl@S",
      "job split@S",
      "job train@S",
      "pipeline etl#1",
      "pipeline split#1",
      "pipeline train#1",
      "run R",
    ]);
    expect(things(trace)).toEqual(expect.arrayContaining(["file raw_data@S:/day-1.csv", "file raw_data@S:/day-2.csv"]));
    expect(trace.complete).toBe(true);
  });

  test("is said where a whole commit or folder stands for its files", async () => {
    const { gaps } = await ask(demoStory(), RUN, "up");
    expect(gaps.map(({ why, effect }) => `${effect}: ${why}`)).toEqual([
      expect.stringContaining("wider: a datum was the whole of etl"),
      expect.stringContaining("wider: a datum was a folder of split"),
    ]);
  });

  test("is what it says it read, when it ran in no job", async () => {
    const story = demoStory();
    const own = "4444444444444444844444444444dddd";
    const source = JSON.stringify({ uri: `pachyderm://default/etl@${SET}:/1.csv`, hash: "", sizeBytes: 1 });
    const foreign = { name: "prices", digest: "12ab", sourceType: "http", source: "http://prices.test", context: undefined };
    story.mlflow.run(own, {
      datasets: [{ name: "etl", digest: SET, sourceType: "pachyderm", source, context: "training" }, foreign],
    });
    const trace = await ask(story, own, "up");
    expect(things(trace)).toEqual(
      expect.arrayContaining(["file etl@S:/1.csv", "file raw_data@S:/day-2.csv", "dataset urn:stemma:dataset:prices@12ab"]),
    );
    expect(things(trace)).not.toContain("file raw_data@S:/day-1.csv");
    expect(trace.complete).toBe(true);
    expect(things(await ask(story, "etl@master", "down"))).toContain(`run ${own}`);
    expect(things(await ask(story, "etl@master:/1.csv", "down"))).toContain(`run ${own}`);
    expect(things(await ask(story, "etl@master:/0.csv", "down"))).not.toContain(`run ${own}`);
  });
});

describe("down from a commit", () => {
  test("are the jobs, the commits and the run", async () => {
    const trace = await ask(demoStory(), "raw_data@master", "down");
    expect(things(trace)).toEqual([
      "commit etl@S",
      "commit raw_data@S",
      "commit split@S",
      "commit train@S",
      "job etl@S",
      "job split@S",
      "job train@S",
      "run R",
    ]);
    expect(trace).toMatchObject({ complete: true, gaps: [] });
  });

  test("are also commits of later sets", async () => {
    const story = demoStory();
    const prices = story.pachyderm.commit("prices", OTHER_SET, ["/p"]);
    story.pachyderm.derive("joined", OTHER_SET, [prices, story.raw], ["/j"]);
    expect(things(await ask(story, "raw_data@master", "down"))).toContain("commit joined@T");
    expect(things(await ask(story, "joined@master", "up"))).toEqual(["commit joined@T", "commit prices@T", "commit raw_data@S"]);
  });

  test("may be more when a job is not done", async () => {
    const story = demoStory();
    story.pachyderm.job("score", SET, story.train, [], { state: "JOB_RUNNING" });
    expect(await ask(story, "raw_data@master", "down")).toMatchObject({
      complete: false,
      gaps: [{ why: "the job is not done (running), and may yet make more" }],
    });
  });

  test("is not a run that MLflow made beside the one that counts", async () => {
    const story = demoStory();
    const { tags } = story.mlflow.runOf(RUN, story.train, "c0", story.etl);
    story.mlflow.run(hexId("double"), { tags: { ...tags, "stemma.superseded_by": RUN }, status: "KILLED" });
    const trace = await ask(story, "raw_data@master", "down");
    expect([...trace.nodes.values()].filter(({ kind }) => kind === "run")).toMatchObject([{ id: RUN }]);
  });

  test("is a run deleted in MLflow, marked as deleted", async () => {
    const story = demoStory();
    const { tags } = story.mlflow.runOf(RUN, story.train, "c0", story.etl);
    story.mlflow.run(RUN, { tags, deleted: true });
    const trace = await ask(story, "raw_data@master", "down");
    expect([...trace.nodes.values()].find(({ kind }) => kind === "run")).toMatchObject({ id: RUN, state: "finished, deleted" });
  });
});

describe("a file's lineage", () => {
  test("up stays among the files that datums read", async () => {
    const trace = await ask(demoStory(), "etl@master:/1.csv", "up");
    expect(filesIn(trace)).toEqual(["etl@S:/1.csv", "raw_data@S:/day-2.csv", "split@S:/1/day-2.csv"]);
    expect(trace.complete).toBe(true);
  });

  test("down stays among the files that datums wrote", async () => {
    const trace = await ask(demoStory(), "raw_data@master:/day-1.csv", "down");
    expect(filesIn(trace)).toEqual([
      "etl@S:/0.csv",
      "raw_data@S:/day-1.csv",
      "split@S:/0/day-1.csv",
      "train@S:/R",
      "train@S:/model",
    ]);
    expect(things(trace)).toContain("run R");
  });

  test("up from a folder is that of the files in it", async () => {
    expect(filesIn(await ask(demoStory(), "split@master:/1/", "up"))).toEqual([
      "raw_data@S:/day-2.csv",
      "split@S:/1/",
      "split@S:/1/day-2.csv",
    ]);
  });

  test("up from a model is the run that wrote it", async () => {
    const trace = await ask(demoStory(), "train@master:/model", "up");
    expect(things(trace)).toEqual(expect.arrayContaining(["run R", "file raw_data@S:/day-1.csv"]));
  });

  test("widens to the commit where a datum read too many files", async () => {
    const pachyderm = new FakePachyderm();
    const names = Array.from({ length: 10_001 }, (_, index) => `/${index}`);
    const raw = pachyderm.commit("raw_data", SET, names);
    pachyderm.job("count", SET, raw, [{ id: "d0", reads: ["/"], writes: ["/out"] }]);
    const trace = await ask({ ...demoStory(), pachyderm }, "count@master:/out", "up");
    expect(things(trace)).toEqual([
      "commit count@S",
      "commit raw_data@S",
      "datum count d0",
      "file count@S:/out",
      "job count@S",
      "pipeline count#1",
    ]);
    expect(trace.gaps.map(({ why, effect }) => `${effect}: ${why}`)).toContainEqual(
      expect.stringContaining("wider: it read more than 10000 files"),
    );
  });
});

describe("one thing is above another exactly when the other is below it", () => {
  test.each(["commit", "file"] as const)("among %ss", async (level) => {
    const { pachyderm, mlflow } = demoStory();
    using index = new LineageIndex(":memory:");
    const sources = { pachyderm, mlflow };
    const start = await askIndex(index, sources, level === "file" ? "raw_data@master:/day-2.csv" : "raw_data@master", "down");
    const ask = async (node: Node, direction: "up" | "down"): Promise<readonly Node[]> =>
      followed(await walk(index, formatUrn(node), { direction, level }, expander(index, sources)));
    const above = await Promise.all(followed(start).map((node) => ask(node, "up")));
    // A pipeline's version is above datums, and below it are whole jobs.
    const fine = above.flat().filter(({ kind }) => level === "commit" || kind !== "pipeline");
    const nodes = [...new Map<Urn, Node>(fine.map((node) => [formatUrn(node), node])).values()];
    const reach = async (direction: "up" | "down"): Promise<ReadonlyMap<string, readonly string[]>> =>
      new Map(
        await Promise.all(nodes.map(async (node) => [thingName(node), (await ask(node, direction)).map(thingName)] as const)),
      );
    const [up, down] = await Promise.all([reach("up"), reach("down")]);
    const names = [...up.keys()];
    expect(names.length).toBeGreaterThan(8);
    for (const a of names)
      expect(names.filter((b) => down.get(b)?.includes(a)).toSorted()).toEqual(
        up
          .get(a)
          ?.filter((b) => names.includes(b))
          .toSorted(),
      );
  });
});

describe("when a datum is skipped", () => {
  test("its files still come from the run that wrote them", async () => {
    const { story, again } = skippedTraining();
    const trace = await ask(story, `train@${again.id}`, "up");
    expect(things(trace)).toEqual(expect.arrayContaining(["run R", "job train@T", "job train@S"]));
    expect(things(await ask(story, `train@${again.id}:/model`, "up"))).toContain("run R");
  });

  test("the job that skips it has read its files as well", async () => {
    const { pachyderm, mlflow, raw } = demoStory();
    const newer = pachyderm.commit("raw_data", OTHER_SET, ["/day-1.csv", "/day-3.csv"]);
    pachyderm.job("split", OTHER_SET, newer, [
      { id: "a1", reads: ["/day-1.csv"], writes: ["/0/day-1.csv"], state: "SKIPPED" },
      { id: "a3", reads: ["/day-3.csv"], writes: ["/0/day-3.csv"] },
    ]);
    const story = { pachyderm, mlflow };
    const down = things(await ask(story, `raw_data@${OTHER_SET}:/day-1.csv`, "down"));
    expect(down).toEqual(expect.arrayContaining(["datum split a1", "file split@T:/0/day-1.csv"]));
    expect(down).not.toContain("file split@T:/0/day-3.csv");
    const up = things(await ask(story, `split@${OTHER_SET}:/0/day-1.csv`, "up"));
    expect(up).toContain("file raw_data@T:/day-1.csv");
    expect(things(await ask(story, `raw_data@${raw.id}:/day-1.csv`, "down"))).toContain("file split@S:/0/day-1.csv");
  });

  test("the later commits are below the run", async () => {
    const { story } = skippedTraining();
    expect(coarseThings(await ask(story, RUN, "down"))).toEqual(["commit train@S", "commit train@T", "run R"]);
  });

  test("the run did not come from the newer data", async () => {
    const { story, again } = skippedTraining();
    const trace = await ask(story, `etl@${again.id}`, "down");
    expect(things(trace)).toEqual(["commit etl@T", "commit train@T", "job train@T"]);
    expect([...trace.nodes.values()]).toContainEqual(expect.objectContaining({ kind: "commit", repo: "train", runCards: [RUN] }));
  });
});

describe("an answer that cannot be whole says why", () => {
  test("MLflow cannot be reached: what Pachyderm and the run cards say", async () => {
    const { pachyderm } = demoStory();
    const sources = { pachyderm, mlflow: absentSource<MlflowSource>(DOWN) };
    const trace = await ask(sources, "raw_data@master", "down");
    expect(things(trace)).toEqual(expect.arrayContaining(["commit train@S", "run R"]));
    expect([...trace.nodes.values()].find(({ kind }) => kind === "run")).toMatchObject({
      state: "finished",
      metrics: { areaUnderPR: 0.5 },
    });
    expect(trace.complete).toBe(false);
    expect(trace.gaps).toContainEqual({
      at: "urn:stemma:batch:mlflow",
      why: "MLflow cannot be reached: nothing was read of it yet",
      effect: "missing",
    });
  });

  test("Pachyderm cannot be reached: what the run's tags say", async () => {
    const { mlflow } = demoStory();
    const trace = await ask(
      { pachyderm: absentSource<PachydermSource>(new StemmaError("UNREACHABLE", "pachd is away")), mlflow },
      RUN,
      "up",
    );
    expect(things(trace)).toContain("run R");
    expect(trace.complete).toBe(false);
    expect(trace.gaps.map(({ why }) => why)).toContain("pachd is away: nothing was read of it yet");
  });

  test("a source is lost after it was read: what it said then, and when", async () => {
    const story = demoStory();
    using index = new LineageIndex(":memory:");
    await sync(index, story, { now: () => new Date("2026-11-21T11:00:00Z") });
    const away = { ...story, pachyderm: absentSource<PachydermSource>(new StemmaError("UNREACHABLE", "pachd is away.")) };
    const trace = await askIndex(index, away, "train@master", "up");
    expect(things(trace)).toContain("commit raw_data@S");
    expect(trace.gaps.map(({ why }) => why)).toEqual(["pachd is away: what is shown of it is of 2026-11-21T11:00:00.000Z"]);
  });

  test("a run is gone for good: what its card says", async () => {
    const story = demoStory();
    story.mlflow.forget(RUN);
    const trace = await ask(story, "train@master", "up");
    expect(things(trace)).toEqual(expect.arrayContaining(["run R", "commit raw_data@S"]));
    expect([...trace.nodes.values()].find(({ kind }) => kind === "run")).toMatchObject({ metrics: { areaUnderPR: 0.5 } });
  });

  test("a commit is gone", async () => {
    const story = demoStory();
    story.pachyderm.forgetCommit(story.split);
    const trace = await ask(story, "train@master", "up");
    expect(trace).toMatchObject({ complete: false });
    expect(trace.gaps.map(({ why }) => why)).toContainEqual(expect.stringContaining("the commit is gone"));
  });

  test("a job is gone", async () => {
    const story = demoStory();
    story.pachyderm.forgetJob(story.train);
    const fromCommit = await ask(story, "train@master", "up");
    expect(things(fromCommit)).toEqual(expect.arrayContaining(["commit raw_data@S", "commit train@S"]));
    expect(fromCommit.gaps).toContainEqual(
      expect.objectContaining({ why: expect.stringContaining("the job is gone"), effect: "missing" }),
    );
    const fromRun = await ask(story, RUN, "up");
    expect(things(fromRun)).toContain("commit raw_data@S");
    expect(fromRun.complete).toBe(false);
  });

  test("a tag was changed to something else", async () => {
    const story = demoStory();
    story.mlflow.run(RUN, { tags: { "pachyderm.pipeline": "train", "pachyderm.job": "'; drop" } });
    const { complete, gaps } = await ask(story, RUN, "up");
    expect(complete).toBe(false);
    expect(gaps.map(({ why }) => why)).toContainEqual(expect.stringContaining("name no job"));
  });
});

test("a file that is only named like a run is no run", async () => {
  const story = demoStory();
  story.pachyderm.job("images", OTHER_SET, story.raw, [{ id: "e0", reads: ["/"], writes: [`/${hexId("md5")}`] }]);
  const trace = await ask(story, "images@master", "up");
  expect(things(trace)).toEqual(["commit images@T", "commit raw_data@S", "job images@T", "pipeline images#1"]);
  expect(trace.complete).toBe(true);
});

test("a pipeline's version leads down to its jobs", async () => {
  expect(things(await ask(demoStory(), "etl#1", "down"))).toEqual(expect.arrayContaining(["job etl@S", "run R"]));
  await expect(ask(demoStory(), "etl#7", "down")).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("a job of many datums is asked for all of them at once: for the files it read, and for a question about them", async () => {
  const pachyderm = new FakePachyderm();
  const numbers = Array.from({ length: 100 }, (_, index) => index);
  const raw = pachyderm.commit(
    "raw_data",
    SET,
    numbers.map((index) => `/${index}`),
  );
  pachyderm.job(
    "copy",
    SET,
    raw,
    numbers.map((index) => ({ id: index.toString(16).padStart(2, "0"), reads: [`/${index}`], writes: [`/c/${index}`] })),
  );
  const trace = await ask({ ...demoStory(), pachyderm }, "copy@master:/c/", "up");
  expect(filesIn(trace)).toHaveLength(201);
  expect(pachyderm.calls.filter((call) => call.startsWith("inspectDatum"))).toEqual([]);
  expect(pachyderm.calls.filter((call) => call.startsWith("listDatums"))).toHaveLength(2);
});

/** New data comes to etl that training, by its glob, need not look at: its one datum is skipped, and its files stay. */
function skippedTraining(): { readonly story: Story; readonly again: { readonly id: string } } {
  const story = demoStory();
  const etl = story.pachyderm.commit("etl", OTHER_SET, ["/0.csv", "/1.csv"]);
  const card = JSON.stringify({ schema: "stemma/run-card/1", runId: RUN });
  const again = story.pachyderm.job(
    "train",
    OTHER_SET,
    etl,
    [{ id: "c0", reads: ["/"], writes: [`/${RUN}`, "/model"], state: "SKIPPED" }],
    { texts: { [`/${RUN}`]: card } },
  );
  return { story, again };
}

function filesIn(trace: Trace): readonly string[] {
  return things(trace)
    .filter((name) => name.startsWith("file "))
    .map((name) => name.slice(5));
}

/** What a walk went through, without the places where things lie. */
function followed(trace: Trace): readonly Node[] {
  const reached = new Set([trace.root, ...trace.edges.filter((edge) => !isPlacing(edge)).flatMap(({ from, to }) => [from, to])]);
  return [...trace.nodes].filter(([urn]) => reached.has(urn)).map(([, node]) => node);
}
