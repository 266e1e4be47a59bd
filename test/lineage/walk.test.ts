import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StemmaError } from "../../src/lineage/errors.ts";
import type { Edge, Graph } from "../../src/lineage/graph.ts";
import { edge } from "../../src/lineage/graph.ts";
import type { Urn } from "../../src/lineage/urn.ts";
import type { Trace } from "../../src/lineage/walk.ts";
import { graphSource, mergeTraces, walk } from "../../src/lineage/walk.ts";
import { graphFrom, graphOf, namesIn, thing, urnOf } from "./graphs.ts";

describe("a walk", () => {
  //  a   b
  //   \ / \
  //    c   d
  //     \ /
  //      e
  const diamond = graphOf("c <- a b", "d <- b", "e <- c d");

  test("up reaches what a thing came from, the nearest first, each once", async () => {
    const trace = await walk(graphSource(diamond), thing("e"), { direction: "up" });
    expect(namesIn(trace)).toEqual(["e", "c", "d", "a", "b"]);
    expect(trace.edges).toHaveLength(5);
    expect(trace).toMatchObject({ complete: true, gaps: [], root: urnOf("e") });
  });

  test("down reaches what came out of a thing", async () => {
    expect(namesIn(await walk(graphSource(diamond), thing("b"), { direction: "down" }))).toEqual(["b", "c", "d", "e"]);
  });

  test("in both directions is the two together", async () => {
    const [up, down] = await Promise.all([
      walk(graphSource(diamond), thing("c"), { direction: "up" }),
      walk(graphSource(diamond), thing("c"), { direction: "down" }),
    ]);
    expect(namesIn(mergeTraces(up, down)).toSorted()).toEqual(["a", "b", "c", "e"]);
  });

  test("says so when it stops before the end", async () => {
    const trace = await walk(graphSource(diamond), thing("e"), { direction: "up", maxDepth: 1 });
    expect(namesIn(trace)).toEqual(["e", "c", "d"]);
    expect(trace).toMatchObject({ complete: false, gaps: [{ at: urnOf("c"), effect: "missing" }, { at: urnOf("d") }] });
  });

  test("says nothing of a limit that cut nothing off", async () => {
    expect(await walk(graphSource(diamond), thing("e"), { direction: "up", maxDepth: 2 })).toMatchObject({
      complete: true,
      gaps: [],
    });
  });

  test("goes on where one step fails, and says where that was", async () => {
    const source = graphSource(diamond);
    const failing = {
      ...source,
      up: async (node: Parameters<typeof source.up>[0]) =>
        node.kind === "batch" && node.id === "d"
          ? Promise.reject(new StemmaError("UNREACHABLE", "d cannot be asked"))
          : source.up(node),
    };
    const trace = await walk(failing, thing("e"), { direction: "up" });
    expect(namesIn(trace)).toEqual(["e", "c", "d", "a", "b"]);
    expect(trace).toMatchObject({ complete: false, gaps: [{ at: urnOf("d"), why: "d cannot be asked" }] });
  });

  test("ends on a cycle", async () => {
    const trace = await walk(graphSource(graphOf("a <- b", "b <- a")), thing("a"), { direction: "up" });
    expect(namesIn(trace)).toEqual(["a", "b"]);
  });

  test("does not go from a file to all of its commit", async () => {
    const id = "0".repeat(32);
    const commit = { kind: "commit", project: "default", repo: "r", type: "user", id } as const;
    const file = { kind: "file", project: "default", repo: "r", type: "user", commit: id, path: "/a" } as const;
    const edges = [edge(file, "within", commit), edge(commit, "derived", thing("other"))];
    const source = graphSource({ edges, nodes: new Map() });
    expect(namesIn(await walk(source, file, { direction: "up" }))).toEqual(["file", "commit"]);
    expect(namesIn(await walk(source, commit, { direction: "down" }))).toEqual(["commit"]);
  });

  test("answers a ladder of 1,000 diamonds whole", async () => {
    const rungs = Array.from({ length: 1_000 }, (_, index) => [
      `l${index} <- t${index}`,
      `r${index} <- t${index}`,
      `t${index + 1} <- l${index} r${index}`,
    ]);
    const trace = await walk(graphSource(graphOf(...rungs.flat())), thing("t1000"), { direction: "up" });
    expect(trace.nodes.size).toBe(3_001);
    expect(trace.edges).toHaveLength(4_000);
    expect(trace.complete).toBe(true);
  });
});

describe("on random graphs without cycles", () => {
  const dags: fc.Arbitrary<Graph> = fc
    .array(fc.tuple(fc.nat(14), fc.nat(14)), { maxLength: 40 })
    .map((pairs) =>
      pairs.filter(([a, b]) => a !== b).map(([a, b]) => edge(thing(`${Math.max(a, b)}`), "derived", thing(`${Math.min(a, b)}`))),
    )
    .map((edges) =>
      graphFrom(
        edges,
        Array.from({ length: 15 }, (_, index) => urnOf(`${index}`)),
      ),
    );

  test("a walk is the closure, in both directions", async () => {
    await fc.assert(
      fc.asyncProperty(dags, fc.nat(14), async (graph, start) => {
        for (const direction of ["up", "down"] as const) {
          const trace = await walk(graphSource(graph), thing(`${start}`), { direction });
          expect(new Set(trace.nodes.keys())).toEqual(closure(graph.edges, urnOf(`${start}`), direction));
          expect(trace.complete).toBe(true);
        }
      }),
    );
  });

  test("one thing is above another exactly when the other is below it", async () => {
    await fc.assert(
      fc.asyncProperty(dags, fc.nat(14), fc.nat(14), async (graph, a, b) => {
        const up = await walkFrom(graph, a, "up");
        const down = await walkFrom(graph, b, "down");
        expect(up.nodes.has(urnOf(`${b}`))).toBe(down.nodes.has(urnOf(`${a}`)));
      }),
    );
  });

  test("a limit of depth is complete exactly when it cuts nothing off", async () => {
    await fc.assert(
      fc.asyncProperty(dags, fc.nat(14), fc.nat(5), async (graph, start, maxDepth) => {
        const whole = await walkFrom(graph, start, "up");
        const part = await walk(graphSource(graph), thing(`${start}`), { direction: "up", maxDepth });
        expect(part.complete).toBe(part.nodes.size === whole.nodes.size);
      }),
    );
  });
});

function walkFrom(graph: Graph, start: number, direction: "up" | "down"): Promise<Trace> {
  return walk(graphSource(graph), thing(`${start}`), { direction });
}

/** Adds what one edge reaches until nothing is new. */
function closure(edges: readonly Edge[], start: Urn, direction: "up" | "down"): ReadonlySet<Urn> {
  const reached = new Set([start]);
  for (let before = 0; before < reached.size;) {
    before = reached.size;
    for (const { from, to } of edges) {
      if (direction === "up" && reached.has(from)) reached.add(to);
      if (direction === "down" && reached.has(to)) reached.add(from);
    }
  }
  return reached;
}
