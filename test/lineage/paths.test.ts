import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { edge } from "../../src/lineage/graph.ts";
import { paths } from "../../src/lineage/paths.ts";
import { formatUrn } from "../../src/lineage/urn.ts";
import { runs } from "../helpers/scale.ts";
import { indexFrom, indexOf, namesIn, urnOf } from "./graphs.ts";
import { allWays, distances, histories, indexOfHistory, places, urnAt, withoutCircles } from "./histories.ts";

describe("the ways between two things", () => {
  //  a   b
  //   \ / \
  //    c   d   f
  //     \ /   /
  //      e---
  const index = indexOf("c <- a b", "d <- b", "e <- c d f");

  test("are the part of the graph that leads from one to the other", async () => {
    const ways = await paths(index, urnOf("e"), urnOf("b"));
    expect(namesIn(ways)).toEqual(["e", "c", "d", "b"]);
    expect(ways).toMatchObject({ from: urnOf("e"), to: urnOf("b"), complete: true, gaps: [], count: 2n });
    expect(ways.edges).toHaveLength(4);
    expect(ways.shortest).toEqual(["e", "c", "b"].map(urnOf));
  });

  test("are found whichever of the two is named first", async () => {
    const ways = await paths(index, urnOf("b"), urnOf("e"));
    expect(ways).toMatchObject({ from: urnOf("e"), to: urnOf("b"), count: 2n, shortest: ["e", "c", "b"].map(urnOf) });
  });

  test("are none where nothing links them", async () => {
    expect(await paths(index, urnOf("a"), urnOf("f"))).toMatchObject({ count: 0n, shortest: [], edges: [], complete: true });
  });

  test("from a thing to itself are one, of no steps", async () => {
    expect(await paths(index, urnOf("a"), urnOf("a"))).toMatchObject({ count: 1n, shortest: [urnOf("a")], edges: [] });
  });

  test("do not go round in circles", async () => {
    const circle = indexOf("c <- b", "b <- a c", "a <- b");
    expect(await paths(circle, urnOf("c"), urnOf("a"))).toMatchObject({ count: 1n, shortest: ["c", "b", "a"].map(urnOf) });
  });

  test("through a ladder of 1,000 diamonds are counted, not tried", async () => {
    const lines = Array.from({ length: 1_000 }, (_, at) => [
      `l${at} <- t${at}`,
      `r${at} <- t${at}`,
      `t${at + 1} <- l${at} r${at}`,
    ]);
    const ways = await paths(indexOf(...lines.flat()), urnOf("t1000"), urnOf("t0"));
    expect(ways.count).toBe(2n ** 1_000n);
    expect(ways.shortest).toHaveLength(2_001);
    expect(ways.nodes.size).toBe(3_001);
  });

  test("of a file end at the commit that it lies in, and do not go on from there", async () => {
    const commit = { kind: "commit", project: "default", repo: "raw", type: "user", id: "1".repeat(32) } as const;
    const older = { ...commit, repo: "older" };
    const file = { kind: "file", project: "default", repo: "raw", type: "user", commit: commit.id, path: "/a" } as const;
    const run = { kind: "run", id: "2".repeat(32) } as const;
    const files = indexFrom([edge(run, "used", file), edge(file, "within", commit), edge(commit, "derived", older)]);
    const ways = await paths(files, formatUrn(run), formatUrn(commit));
    expect(ways.shortest).toEqual([run, file, commit].map(formatUrn));
    expect(ways.count).toBe(1n);
  });
});

describe("on random histories without circles", () => {
  test("the ways are those that one finds by trying all", async () => {
    await fc.assert(
      fc.asyncProperty(histories, places, places, async (random, a, b) => {
        const history = withoutCircles(random);
        const [from, to] = [urnAt(history, Math.max(a, b)), urnAt(history, Math.min(a, b))];
        const ways = await paths(indexOfHistory(history), from, to, { level: "commit", attempts: true });
        const all = allWays(history, from, to);
        expect(ways.count).toBe(BigInt(all.length));
        expect(new Set(ways.nodes.keys())).toEqual(new Set(all.flat()));
        expect(ways.shortest.length).toBe(
          Math.min(...all.map((way) => way.length), Infinity) === Infinity ? 0 : Math.min(...all.map((way) => way.length)),
        );
        if (all.length > 0) expect(all).toContainEqual([...ways.shortest]);
      }),
      runs(150),
    );
  });

  test("there is a way exactly when the one is above the other at that time", async () => {
    await fc.assert(
      fc.asyncProperty(histories, places, places, fc.nat(25), async (random, a, b, time) => {
        const history = withoutCircles(random);
        const [from, to] = [urnAt(history, Math.max(a, b)), urnAt(history, Math.min(a, b))];
        const asOf = new Date(time);
        const ways = await paths(indexOfHistory(history), from, to, { level: "commit", asOf });
        const isAbove = distances(history, from, { direction: "up", asOf }).has(to);
        const isBelow = distances(history, to, { direction: "down", asOf }).has(from);
        expect(ways.count > 0n).toBe(isAbove || isBelow);
      }),
      runs(100),
    );
  });
});
