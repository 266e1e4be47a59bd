import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Edge } from "../../src/lineage/graph.ts";
import { edge } from "../../src/lineage/graph.ts";
import type { LineageIndex } from "../../src/lineage/store/lineage-index.ts";
import type { NodeKind } from "../../src/lineage/urn.ts";
import { formatUrn } from "../../src/lineage/urn.ts";
import type { Trace, WalkOptions } from "../../src/lineage/answer.ts";
import { walk } from "../../src/lineage/walk.ts";
import { runs } from "../helpers/scale.ts";
import { indexFrom, indexOf, namesIn, thing, urnOf } from "./graphs.ts";
import { distances, histories, indexOfHistory, places, urnAt } from "./histories.ts";

const UP = { direction: "up" } as const;

describe("a walk", () => {
  //  a   b
  //   \ / \
  //    c   d
  //     \ /
  //      e
  const diamond = indexOf("c <- a b", "d <- b", "e <- c d");

  test("up reaches what a thing came from, the nearest first, each once", async () => {
    const trace = await walk(diamond, urnOf("e"), UP);
    expect(namesIn(trace)).toEqual(["e", "c", "d", "a", "b"]);
    expect(trace.edges).toHaveLength(5);
    expect(trace).toMatchObject({ complete: true, gaps: [], root: urnOf("e") });
  });

  test("down reaches what came out of a thing", async () => {
    expect(namesIn(await walk(diamond, urnOf("b"), { direction: "down" }))).toEqual(["b", "c", "d", "e"]);
  });

  test("in both directions is the two together", async () => {
    const trace = await walk(diamond, urnOf("c"), { direction: "both" });
    expect(namesIn(trace).toSorted()).toEqual(["a", "b", "c", "e"]);
    expect(trace).toMatchObject({ direction: "both", complete: true });
  });

  test("says so when it stops before the end", async () => {
    const trace = await walk(diamond, urnOf("e"), { ...UP, maxDepth: 1 });
    expect(namesIn(trace)).toEqual(["e", "c", "d"]);
    expect(trace).toMatchObject({ complete: false, gaps: [{ at: urnOf("c"), effect: "missing" }, { at: urnOf("d") }] });
  });

  test("says nothing of a limit that cut nothing off", async () => {
    expect(await walk(diamond, urnOf("e"), { ...UP, maxDepth: 2 })).toMatchObject({ complete: true, gaps: [] });
  });

  test("shows what it is told to stop at, and nothing beyond", async () => {
    const trace = await walk(diamond, urnOf("e"), { ...UP, until: (node) => node.kind === "batch" && node.id === "c" });
    expect(namesIn(trace)).toEqual(["e", "c", "d", "b"]);
    expect(trace.complete).toBe(true);
  });

  test("ends on a cycle", async () => {
    expect(namesIn(await walk(indexOf("a <- b", "b <- a"), urnOf("a"), UP))).toEqual(["a", "b"]);
  });

  test("tells what is noted at a node on the way, and not what is noted elsewhere", async () => {
    const index = indexOf("b <- a", "c <- b");
    index.write((writer) => {
      for (const name of ["b", "c"])
        writer.say({
          node: thing(name),
          rank: "source",
          edges: name === "b" ? [edge(thing("b"), "derived", thing("a"))] : [],
          gaps: [{ at: urnOf(name), why: `${name} is not all`, effect: "wider" }],
        });
    });
    expect(await walk(index, urnOf("b"), UP)).toMatchObject({ complete: true, gaps: [{ at: urnOf("b"), why: "b is not all" }] });
  });

  test("from what the index does not know is an error", async () => {
    await expect(walk(diamond, urnOf("x"), UP)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("what is not there", () => {
  const run = { kind: "run", id: "1".repeat(32) } as const;
  const commit = { kind: "commit", project: "default", repo: "r", type: "user", id: "2".repeat(32) } as const;
  const used = edge(run, "used", commit);

  test("leaves a gap where its system ought to know it", async () => {
    const index = indexFrom([used], [{ node: commit, rank: "named" }]);
    const why = "the commit is gone, and with it what is known of it";
    expect(await walk(index, formatUrn(run), UP)).toMatchObject({ complete: false, gaps: [{ at: formatUrn(commit), why }] });
  });

  test("leaves none when it was known before it went", async () => {
    const index = indexFrom([used], [{ node: commit, rank: "source", gone: new Date(5) }]);
    expect(await walk(index, formatUrn(run), UP)).toMatchObject({ complete: true });
  });

  test("is shown when the question is of a time at which it was there", async () => {
    const index = indexFrom([used], [{ node: commit, rank: "source", since: new Date(1), gone: new Date(5) }]);
    const sizes = [0, 1, 4, 5].map(
      async (time) => (await walk(index, formatUrn(run), { ...UP, asOf: new Date(time) })).nodes.size,
    );
    expect(await Promise.all(sizes)).toEqual([1, 2, 2, 1]);
  });

  test("may come yet from a job that is not done", async () => {
    const job = { kind: "job", project: "default", pipeline: "p", id: "3".repeat(32) } as const;
    const index = indexFrom([edge(job, "used", commit)], [{ node: { ...job, state: "running" }, rank: "source" }]);
    const why = "the job is not done (running), and may yet make more";
    expect(await walk(index, formatUrn(commit), { direction: "down" })).toMatchObject({ complete: false, gaps: [{ why }] });
    expect(await walk(index, formatUrn(job), UP)).toMatchObject({ complete: true });
  });
});

describe("only some kinds", () => {
  const dataset = { kind: "dataset", name: "d", digest: "1" } as const;
  const show = (index: LineageIndex, kinds: readonly NodeKind[], direction: "up" | "down" = "up"): Promise<Trace> =>
    walk(index, direction === "up" ? urnOf("c") : formatUrn(dataset), { direction, kinds });

  test("are shown with the ways through the others, each once", async () => {
    const index = indexFrom([
      edge(thing("c"), "derived", thing("a")),
      edge(thing("c"), "derived", thing("b")),
      edge(thing("a"), "derived", dataset),
      edge(thing("b"), "derived", dataset),
    ]);
    const expected = [edge(thing("c"), "derived", dataset)];
    expect((await show(index, ["dataset"])).edges).toEqual(expected);
    const down = await show(index, ["batch"], "down");
    expect(namesIn(down)).toEqual(["dataset", "a", "b", "c"]);
    expect((await show(index, ["dataset", "batch"])).edges).toHaveLength(4);
  });

  test("stay one step each where hidden diamonds follow each other", async () => {
    const index = ladder(1_000);
    const trace = await walk(index, urnOf("t1000"), { ...UP, kinds: ["run"] });
    expect(trace).toMatchObject({ edges: [], complete: true });
    expect(namesIn(trace)).toEqual(["t1000"]);
  });
});

describe("without a limit", () => {
  test("a ladder of 1,000 diamonds is answered whole", async () => {
    const trace = await walk(ladder(1_000), urnOf("t1000"), UP);
    expect([trace.nodes.size, trace.edges.length, trace.complete]).toEqual([3_001, 4_000, true]);
  });

  test("so is a chain of 100,000 steps", async () => {
    const edges = Array.from({ length: 100_000 }, (_, at) => edge(thing(`${at + 1}`), "derived", thing(`${at}`)));
    const trace = await walk(indexFrom(edges), urnOf("100000"), UP);
    expect([trace.nodes.size, trace.complete]).toEqual([100_001, true]);
  });
});

describe("on random histories", () => {
  const questions = fc.record({
    direction: fc.constantFrom("up" as const, "down" as const),
    maxDepth: fc.option(fc.nat(4), { nil: undefined }),
    asOf: fc.option(
      fc.nat(25).map((time) => new Date(time)),
      { nil: undefined },
    ),
    attempts: fc.boolean(),
  });

  test("a walk is the closure, in the order of distance and name, and complete exactly when nothing was cut off", async () => {
    await fc.assert(
      fc.asyncProperty(histories, places, questions, async (history, place, options) => {
        const root = urnAt(history, place);
        const all = distances(history, root, options);
        const expected = [...all].filter(([, distance]) => distance <= (options.maxDepth ?? Infinity));
        const trace = await walk(indexOfHistory(history), root, { ...options, level: "commit" });
        expect([...trace.nodes.keys()]).toEqual(
          expected.sort(([a, near], [b, far]) => near - far || (a < b ? -1 : 1)).map(([urn]) => urn),
        );
        expect(trace.complete).toBe(expected.length === all.size);
      }),
      runs(200),
    );
  });

  test("its edges are all those between what it shows that it could go along", async () => {
    await fc.assert(
      fc.asyncProperty(histories, places, questions, async (history, place, options) => {
        const whole = { ...options, maxDepth: undefined, level: "commit" as const };
        const trace = await walk(indexOfHistory(history), urnAt(history, place), whole);
        const between = history.edges.filter(({ from, to }) => trace.nodes.has(from) && trace.nodes.has(to));
        expect(texts(trace.edges)).toEqual([...new Set(texts(between))]);
      }),
      runs(100),
    );
  });

  test("both directions are the two closures together", async () => {
    await fc.assert(
      fc.asyncProperty(histories, places, async (history, place) => {
        const root = urnAt(history, place);
        const trace = await walk(indexOfHistory(history), root, { direction: "both", level: "commit" });
        const sides = new Set(distances(history, root, { direction: "up" }).keys()).union(
          distances(history, root, { direction: "down" }),
        );
        expect(new Set(trace.nodes.keys())).toEqual(sides);
      }),
      runs(100),
    );
  });

  test("hiding kinds hides no way between those that are shown", async () => {
    await fc.assert(
      fc.asyncProperty(histories, places, fc.constantFrom("up" as const, "down" as const), async (history, place, direction) => {
        const index = indexOfHistory(history);
        const options: WalkOptions = { direction, level: "commit" };
        const whole = await walk(index, urnAt(history, place), options);
        const part = await walk(index, urnAt(history, place), { ...options, kinds: ["commit", "run"] });
        const shown = [...whole.nodes].filter(([urn, { kind }]) => urn === whole.root || kind === "commit" || kind === "run");
        expect([...part.nodes.keys()]).toEqual(shown.map(([urn]) => urn));
        for (const [urn] of shown) expect(reach(part, urn)).toEqual(reach(whole, urn).intersection(new Set(part.nodes.keys())));
      }),
      runs(100),
    );
  });
});

function reach({ edges }: Trace, start: string): ReadonlySet<string> {
  const found = new Set([start]);
  for (const urn of found) for (const { from, to } of edges) if (from === urn) found.add(to);
  return found;
}

function texts(edges: readonly Edge[]): readonly string[] {
  return edges.map(({ from, kind, to }) => `${from} ${kind} ${to}`).sort();
}

function ladder(rungs: number): LineageIndex {
  const lines = Array.from({ length: rungs }, (_, at) => [`l${at} <- t${at}`, `r${at} <- t${at}`, `t${at + 1} <- l${at} r${at}`]);
  return indexOf(...lines.flat());
}
