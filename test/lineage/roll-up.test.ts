import { describe, expect, test } from "vitest";
import type { Edge, Node } from "../../src/lineage/graph.ts";
import { edge } from "../../src/lineage/graph.ts";
import { rollUp } from "../../src/lineage/roll-up.ts";
import { formatUrn, parseUrn } from "../../src/lineage/urn.ts";
import type { Trace } from "../../src/lineage/answer.ts";

const id = (digit: number): string => `${digit}`.repeat(32);
const commit = (digit: number) => ({ kind: "commit", project: "default", repo: "raw", type: "user", id: id(digit) }) as const;
const file = (digit: number, path: string) =>
  ({ kind: "file", project: "default", repo: "raw", type: "user", commit: id(digit), path }) as const;
const job = { kind: "job", project: "default", pipeline: "etl", id: id(3) } as const;
const datum = { kind: "datum", project: "default", pipeline: "etl", job: job.id, id: "aa" } as const;
const run = { kind: "run", id: id(4) } as const;

describe("an answer rolled up", () => {
  const edges = [
    edge(run, "within", datum),
    edge(datum, "within", job),
    ...["/a", "/b"].flatMap((path) => [edge(datum, "used", file(1, path)), edge(file(1, path), "within", commit(1))]),
  ];

  test("has commits and jobs for files and datums, and names the files that were gone through", () => {
    const { nodes, edges: rolled } = rollUp(traceOf(run, edges));
    expect([...nodes.values()].map(({ kind }) => kind)).toEqual(["run", "job", "commit"]);
    expect(rolled).toEqual([edge(run, "within", job), edge(job, "used", commit(1), { count: 2, names: ["/a", "/b"] })]);
  });

  test("begins at the commit when it began at a file of it", () => {
    expect(rollUp(traceOf(file(1, "/a"), edges)).root).toBe(formatUrn(commit(1)));
  });

  test("says its gaps where the coarser thing is, each once", () => {
    const trace = traceOf(run, edges);
    const gaps = ["/a", "/b"].map((path) => ({ at: formatUrn(file(1, path)), why: "it is old", effect: "missing" }) as const);
    expect(rollUp({ ...trace, gaps })).toMatchObject({ complete: false, gaps: [{ at: formatUrn(commit(1)), why: "it is old" }] });
  });

  test("is the same when there was nothing finer", () => {
    const coarse = traceOf(run, [edge(run, "within", job), edge(job, "used", commit(1))]);
    expect(rollUp(coarse)).toEqual(coarse);
  });
});

function traceOf(root: Node, edges: readonly Edge[]): Trace {
  const urns = [formatUrn(root), ...edges.flatMap(({ from, to }) => [from, to])];
  return {
    root: formatUrn(root),
    direction: "up",
    nodes: new Map(urns.map((urn) => [urn, parseUrn(urn)])),
    edges,
    complete: true,
    gaps: [],
  };
}
