import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expander, findFile } from "../../src/collect/expand.ts";
import type { Sources } from "../../src/collect/ports.ts";
import { sync } from "../../src/collect/sync.ts";
import { dump } from "../../src/lineage/store/dump.ts";
import { LineageIndex } from "../../src/lineage/store/lineage-index.ts";
import type { Urn } from "../../src/lineage/urn.ts";
import { formatUrn } from "../../src/lineage/urn.ts";
import type { Direction, Trace } from "../../src/lineage/answer.ts";
import { walk } from "../../src/lineage/walk.ts";
import type { TestEngine } from "../helpers/engine.ts";
import { commitFiles, repo, shellSpec, startTestEngine } from "../helpers/engine.ts";
import { FakeMlflow, FakePachyderm, hexId } from "../helpers/fake-lineage-sources.ts";
import { SET, demoStory } from "./story.ts";

describe("on a real engine", () => {
  let engine: TestEngine;
  let sources: Sources;
  let first: string;
  let second: string;

  //  raw /a /b ──(a datum each)── copy /a /b ──(one datum)── all /all;  then /c comes to raw, and copy skips /a and /b
  beforeAll(async () => {
    engine = await startTestEngine();
    const { client } = engine;
    sources = { pachyderm: client, mlflow: new FakeMlflow() };
    await client.createRepo(repo("raw"));
    await client.createPipeline(shellSpec("copy", "raw", "cp /pfs/raw/* /pfs/out/"));
    await client.createPipeline(
      shellSpec("all", "copy", "cat /pfs/copy/* > /pfs/out/all", { input: { pfs: { repo: "copy", glob: "/" } } }),
    );
    first = await commitFiles(client, "raw", { "/a": "1", "/b": "2" });
    await Array.fromAsync(client.inspectJobSet(first, { wait: true }));
    second = await commitFiles(client, "raw", { "/c": "3" });
    await Array.fromAsync(client.inspectJobSet(second, { wait: true }));
  });

  afterAll(() => engine.close());

  test("a file leads down through the datums that took it, and to no other's files", async () => {
    const files = filesOf(await traceFile(`raw@${second}`, "/c", "down"));
    expect(files).toEqual(["all@T:/all", "copy@T:/c", "raw@T:/c"]);
  });

  test("a file leads up to the files that its datums took", async () => {
    expect(filesOf(await traceFile(`copy@${second}`, "/c", "up"))).toEqual(["copy@T:/c", "raw@T:/c"]);
    const { gaps, complete } = await traceFile(`all@${second}`, "/all", "up");
    expect(complete).toBe(true);
    expect(gaps.map(({ why }) => why)).toEqual([expect.stringContaining("a datum was the whole of copy")]);
  });

  test("a datum that was skipped is shown as the job saw it that skipped it", async () => {
    expect(filesOf(await traceFile(`copy@${second}`, "/a", "up"))).toEqual(["copy@T:/a", "raw@T:/a"]);
    expect(filesOf(await traceFile(`raw@${first}`, "/a", "down"))).toEqual(["all@S:/all", "copy@S:/a", "raw@S:/a"]);
  });

  test("a question about files changes nothing in the dump", async () => {
    using index = new LineageIndex(":memory:");
    await sync(index, sources);
    const before = [...dump(index)];
    await traceIn(index, `all@${second}`, "/all", "up");
    expect([...dump(index)]).toEqual(before);
  });

  test("a file that is not there is found nowhere", async () => {
    using index = new LineageIndex(":memory:");
    await sync(index, sources);
    expect(await findFile(index, sources, urnOf(`raw@${first}`), "/c")).toBeUndefined();
  });

  async function traceFile(commit: string, path: string, direction: Direction): Promise<Trace> {
    using index = new LineageIndex(":memory:");
    await sync(index, sources);
    return await traceIn(index, commit, path, direction);
  }

  async function traceIn(index: LineageIndex, commit: string, path: string, direction: Direction): Promise<Trace> {
    const file = await findFile(index, sources, urnOf(commit), path);
    if (file === undefined) throw new Error(`no ${path} in ${commit}`);
    return walk(index, formatUrn(file), { direction }, expander(index, sources));
  }

  function filesOf({ nodes }: Trace): readonly string[] {
    const files = [...nodes.values()].filter((node) => node.kind === "file");
    return files.map(({ repo: name, commit, path }) => `${name}@${commit === first ? "S" : "T"}:${path}`).toSorted();
  }
});

describe("what is asked", () => {
  test("is one listing of a job's datums and one of its files, once, however many datums there are", async () => {
    using index = new LineageIndex(":memory:");
    const { pachyderm, sources } = manyDatums(1_000);
    await sync(index, sources);
    pachyderm.calls.length = 0;
    const { expand } = expander(index, sources);
    await expand([fileUrn("raw", "/0"), fileUrn("raw", "/1")], "down");
    expect([...index.records(["datum"])]).toHaveLength(1_000);
    expect(pachyderm.calls).toEqual([`listDatums copy@${SET}`, `walkFiles copy@${SET}:/`]);
    await expand([fileUrn("copy", "/c/0")], "up");
    await expander(index, sources).expand([fileUrn("raw", "/2")], "down");
    expect(pachyderm.calls).toHaveLength(2);
  });

  test("is one walk of a commit where many datums took a folder each", async () => {
    using index = new LineageIndex(":memory:");
    const pachyderm = new FakePachyderm();
    const numbers = Array.from({ length: 50 }, (_, index) => index);
    const raw = pachyderm.commit(
      "raw",
      SET,
      numbers.map((number) => `/${number}/f`),
    );
    const datums = numbers.map((number) => ({
      id: number.toString(16).padStart(4, "0"),
      reads: [`/${number}/`],
      writes: [`/${number}`],
    }));
    pachyderm.job("copy", SET, raw, datums);
    const sources = { pachyderm, mlflow: new FakeMlflow() };
    await sync(index, sources);
    pachyderm.calls.length = 0;
    await findFile(index, sources, urnOf(`copy@${SET}`), "/7");
    const trace = await walk(index, fileUrn("copy", "/7"), { direction: "up" }, expander(index, sources));
    expect(trace.nodes.has(fileUrn("raw", "/7/f"))).toBe(true);
    expect(trace.nodes.has(fileUrn("raw", "/8/f"))).toBe(false);
    expect(pachyderm.calls.filter((call) => call.startsWith("walkFiles"))).toHaveLength(2);
  });

  test("of two datums with one id, as a union may have, the files of both", async () => {
    using index = new LineageIndex(":memory:");
    const pachyderm = new FakePachyderm();
    const raw = pachyderm.commit("raw", SET, ["/a", "/b"]);
    pachyderm.job("copy", SET, raw, [
      { id: "00", reads: ["/a"], writes: ["/out"] },
      { id: "00", reads: ["/b"], writes: [] },
    ]);
    const sources = { pachyderm, mlflow: new FakeMlflow() };
    await sync(index, sources);
    await findFile(index, sources, urnOf(`copy@${SET}`), "/out");
    const trace = await walk(index, fileUrn("copy", "/out"), { direction: "up" }, expander(index, sources));
    for (const path of ["/a", "/b"]) expect(trace.nodes.has(fileUrn("raw", path))).toBe(true);
  });

  test("is told apart no more where a commit is gone that a job took whole", async () => {
    using index = new LineageIndex(":memory:");
    const { pachyderm, mlflow, train, etl } = demoStory();
    const sources = { pachyderm, mlflow };
    await sync(index, sources);
    pachyderm.forgetCommit(etl);
    const model = await findFile(index, sources, urnOf(`train@${train.id}`), "/model");
    const trace = await walk(index, fileUrn("train", "/model"), { direction: "up" }, expander(index, sources));
    expect(model).toMatchObject({ kind: "file" });
    expect(trace.nodes.has(urnOf(`etl@${etl.id}`))).toBe(true);
    expect(trace.gaps.map(({ why }) => why)).toContain("the files that it read are gone, so the whole commit stands for them");
  });

  test("is asked again of a job that was still at work", async () => {
    using index = new LineageIndex(":memory:");
    const { pachyderm, mlflow, raw } = demoStory();
    pachyderm.job("slow", hexId("slow"), raw, [], { state: "JOB_RUNNING" });
    await sync(index, { pachyderm, mlflow });
    const read = expander(index, { pachyderm, mlflow });
    const job = formatUrn({ kind: "datum", project: "default", pipeline: "slow", job: hexId("slow"), id: "00" });
    await read.expand([job], "up");
    await read.expand([job], "up");
    expect(pachyderm.calls.filter((call) => call === `listDatums slow@${hexId("slow")}`)).toHaveLength(2);
  });

  test("is a gap when the server is away", async () => {
    using index = new LineageIndex(":memory:");
    const { pachyderm, sources } = manyDatums(3);
    await sync(index, sources);
    await findFile(index, sources, urnOf(`copy@${SET}`), "/c/0");
    pachyderm.failAfter = 0;
    const trace = await walk(index, fileUrn("copy", "/c/0"), { direction: "up" }, expander(index, sources));
    expect(trace.complete).toBe(false);
    expect(trace.gaps.map(({ why }) => why)).toContain("pachd is away");
  });
});

function manyDatums(count: number): { readonly pachyderm: FakePachyderm; readonly sources: Sources } {
  const pachyderm = new FakePachyderm();
  const numbers = Array.from({ length: count }, (_, index) => index);
  const raw = pachyderm.commit(
    "raw",
    SET,
    numbers.map((number) => `/${number}`),
  );
  const datums = numbers.map((number) => ({
    id: number.toString(16).padStart(4, "0"),
    reads: [`/${number}`],
    writes: [`/c/${number}`],
  }));
  pachyderm.job("copy", SET, raw, datums);
  return { pachyderm, sources: { pachyderm, mlflow: new FakeMlflow() } };
}

function urnOf(reference: string): Urn {
  const [name = "", id = ""] = reference.split("@");
  return formatUrn({ kind: "commit", project: "default", repo: name, type: "user", id });
}

function fileUrn(name: string, path: string): Urn {
  return formatUrn({ kind: "file", project: "default", repo: name, type: "user", commit: SET, path });
}
