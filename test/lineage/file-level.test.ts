import { describe, expect, test } from "vitest";
import type { Edge, Node } from "../../src/lineage/graph.ts";
import { edge } from "../../src/lineage/graph.ts";
import type { LineageIndex, Statement } from "../../src/lineage/store/lineage-index.ts";
import type { Identity } from "../../src/lineage/urn.ts";
import { formatUrn } from "../../src/lineage/urn.ts";
import type { Direction, Trace, WalkOptions } from "../../src/lineage/answer.ts";
import { walk } from "../../src/lineage/walk.ts";
import { indexFrom } from "./graphs.ts";

const id = (digit: number): string => `${digit}`.repeat(32);
const commit = (repo: string, digit: number) =>
  ({ kind: "commit", project: "default", repo, type: "user", id: id(digit) }) as const;
const file = (repo: string, digit: number, path: string) =>
  ({ kind: "file", project: "default", repo, type: "user", commit: id(digit), path }) as const;
const job = { kind: "job", project: "default", pipeline: "etl", id: id(2) } as const;
const datum = (name: string) => ({ kind: "datum", project: "default", pipeline: "etl", job: job.id, id: name }) as const;
const run = (digit: number) => ({ kind: "run", id: id(digit) }) as const;
const version = { kind: "pipeline", project: "default", pipeline: "etl", version: 1 } as const;

const raw = commit("raw", 1);
const etl = commit("etl", 2);
const [a, b] = [file("raw", 1, "/a"), file("raw", 1, "/b")];
const [x, y] = [file("etl", 2, "/x"), file("etl", 2, "/y")];

//  raw: /a  /b
//        |   |      two datums of one job, with a run each
//  etl: /x  /y
const whole = [
  edge(etl, "generated", job),
  edge(job, "used", raw),
  edge(job, "of", version),
  ...[run(7), run(8)].flatMap((each) => [edge(each, "within", job), edge(etl, "generated", each)]),
];
const links = [
  [a, x, datum("aa"), run(7)],
  [b, y, datum("bb"), run(8)],
] as const;
const fine = links.flatMap(([from, to, by, during]) => [
  edge(from, "within", raw),
  edge(to, "within", etl),
  edge(to, "generated", by),
  edge(to, "generated", during),
  edge(by, "used", from),
  edge(by, "within", job),
  edge(by, "of", version),
  edge(during, "within", by),
]);

describe("among files", () => {
  test("a walk up goes from a file through its datum to the files that this read, and to no others", async () => {
    const trace = await ask(expanded(), x, "up");
    expect(names(trace)).toEqual(["/x", etl, datum("aa"), run(7), "/a", job, version, raw].map(nameOf));
    expect(trace).toMatchObject({ complete: true, gaps: [] });
    expect(trace.edges).not.toContainEqual(edge(run(7), "within", job));
    expect(trace.edges).not.toContainEqual(edge(job, "used", raw));
  });

  test("a walk down goes to the datum that read the file, its run, and what they wrote", async () => {
    const trace = await ask(expanded(), a, "down");
    expect(names(trace)).toEqual(["/a", raw, datum("aa"), "/x", job, run(7), etl].map(nameOf));
    expect(trace).toMatchObject({ complete: true, gaps: [] });
  });

  test("a run goes to its datum's files, and not to all of the job", async () => {
    expect(names(await ask(expanded(), run(7), "up"))).toEqual([run(7), datum("aa"), "/a", job, version, raw].map(nameOf));
    expect(names(await ask(expanded(), run(7), "down"))).toEqual([run(7), "/x", etl].map(nameOf));
  });

  test("a folder stands for the files in it", async () => {
    const folder = file("raw", 1, "/");
    const index = expanded([edge(folder, "derived", a), edge(folder, "within", raw)]);
    expect(names(await ask(index, folder, "down"))).toContain(nameOf("/x"));
    expect(names(await ask(index, folder, "up"))).toEqual(["/", raw, "/a"].map(nameOf));
    expect(names(await ask(index, a, "down"))).not.toContain(nameOf("/"));
  });

  test("what a datum says of its folders counts where the walk goes through it", async () => {
    const index = expanded();
    const gap = { at: formatUrn(job), why: "a datum was the whole of raw", effect: "wider" } as const;
    index.write((writer) => writer.say({ ...ownWords(datum("aa")), gaps: [gap] }));
    expect((await ask(index, x, "up")).gaps).toEqual([gap]);
    expect((await ask(index, y, "up")).gaps).toEqual([]);
    expect((await ask(index, etl, "up")).gaps).toEqual([]);
  });

  test("a job that is not done may yet make more of a file", async () => {
    const index = expanded([], { ...job, state: "running" });
    expect(await ask(index, a, "down")).toMatchObject({ complete: false, gaps: [{ at: formatUrn(job) }] });
    expect(await ask(index, x, "up")).toMatchObject({ complete: true });
  });

  test("the past knows no files of later commits", async () => {
    const index = expanded();
    index.write((writer) => {
      for (const [node, since] of [
        [etl, 20],
        [job, 20],
        [raw, 10],
      ] as const)
        writer.say({ ...ownWords(node), since: new Date(since) });
    });
    expect(names(await ask(index, a, "down", { asOf: new Date(15) }))).toEqual(["/a", raw].map(nameOf));
    expect(names(await ask(index, a, "down", { asOf: new Date(25) }))).toContain(nameOf("/x"));
  });
});

describe("where datums are not known", () => {
  test("a file counts as made from all that its job used", async () => {
    const trace = await ask(indexFrom([...whole, edge(x, "within", etl)]), x, "up");
    expect(names(trace)).toEqual(["/x", etl, job, raw, version].map(nameOf));
    const why = "it counts as made from all that its job used (no datum is named as its writer)";
    expect(trace).toMatchObject({ complete: true, gaps: [{ at: formatUrn(x), why, effect: "wider" }] });
  });

  test("a file counts as read by the whole of a job", async () => {
    const trace = await ask(indexFrom([...whole, edge(a, "within", raw)]), a, "down");
    expect(names(trace)).toEqual(["/a", raw, job, etl, run(7), run(8)].map(nameOf));
    const why = "a job's datums are not known, so it counts as read by the whole job";
    expect(trace).toMatchObject({ complete: true, gaps: [{ at: formatUrn(a), why, effect: "wider" }, { effect: "wider" }, {}] });
  });

  test("a run counts as having read all that its job used", async () => {
    const trace = await ask(indexFrom(whole), run(7), "up");
    expect(names(trace)).toEqual([run(7), job, raw, version].map(nameOf));
    const why = "it does not say which datum it ran for, so all that its job used counts as read";
    expect(trace).toMatchObject({ complete: true, gaps: [{ at: formatUrn(run(7)), why, effect: "wider" }] });
  });

  test("what was derived without a job counts from all of its commit", async () => {
    const copy = commit("copy", 3);
    const index = indexFrom([edge(copy, "derived", raw), edge(a, "within", raw), edge(file("copy", 3, "/c"), "within", copy)]);
    expect(names(await ask(index, a, "down"))).toEqual(["/a", copy, raw].map(nameOf));
    expect(names(await ask(index, file("copy", 3, "/c"), "up"))).toEqual(["/c", copy, raw].map(nameOf));
  });

  test("a run outside of jobs read the files that it names", async () => {
    const read = edge(run(9), "used", raw, { count: 1, names: ["/a"] });
    const index = indexFrom([read, edge(a, "within", raw), edge(b, "within", raw)]);
    expect(names(await ask(index, a, "down"))).toEqual(["/a", raw, run(9)].map(nameOf));
    expect(names(await ask(index, b, "down"))).toEqual(["/b", raw].map(nameOf));
  });
});

describe("among commits", () => {
  test("files and datums are passed over", async () => {
    const trace = await ask(expanded(), etl, "up");
    expect(names(trace)).toEqual([etl, job, run(7), run(8), raw, version].map(nameOf));
  });

  test("a question about a file is one about its commit", async () => {
    const trace = await ask(expanded(), x, "up", { level: "commit" });
    expect(names(trace)).toEqual(["/x", etl, job, run(7), run(8), raw, version].map(nameOf));
    expect(trace.gaps).toMatchObject([{ at: formatUrn(x), why: "the whole commit stands for it", effect: "wider" }]);
  });
});

test("a walk among files asks for what the index lacks, level by level, and passes on what could not be had", async () => {
  const index = indexFrom([...whole, edge(x, "within", etl)]);
  const asked: string[][] = [];
  const gap = { at: formatUrn(job), why: "Pachyderm cannot be reached", effect: "missing" } as const;
  const trace = await walk(
    index,
    formatUrn(x),
    { direction: "up" },
    {
      expand: async (urns) => {
        asked.push([...urns]);
        if (asked.length === 1) say(index, fine);
        return asked.length === 2 ? [gap] : [];
      },
    },
  );
  expect(asked).toEqual([[x], [datum("aa"), run(7)], [a]].map((level) => level.map(formatUrn)));
  expect(trace).toMatchObject({ complete: false, gaps: [gap] });
  expect(names(trace)).toContain(nameOf("/a"));
});

function expanded(more: readonly Edge[] = [], jobNode: Node = job): LineageIndex {
  const index = indexFrom([...whole, ...fine, ...more], [{ node: jobNode, rank: "source" }]);
  index.write((writer) => writer.setCursor(`expanded:${formatUrn(job)}`, "1"));
  return index;
}

function say(index: LineageIndex, edges: readonly Edge[]): void {
  index.write((writer) => {
    for (const node of [x, y, datum("aa"), datum("bb"), run(7), run(8)])
      writer.say({ node, rank: "source", edges: [...whole, ...edges].filter(({ from }) => from === formatUrn(node)) });
    writer.setCursor(`expanded:${formatUrn(job)}`, "1");
  });
}

function ownWords(node: Node): Statement {
  return { node, rank: "source", edges: [...whole, ...fine].filter(({ from }) => from === formatUrn(node)) };
}

function ask(index: LineageIndex, root: Identity, direction: Direction, options: Partial<WalkOptions> = {}): Promise<Trace> {
  return walk(index, formatUrn(root), { ...options, direction });
}

function names({ nodes }: Trace): readonly string[] {
  return [...nodes.values()].map(nameOf);
}

/** A file by its path, others by their URN. */
function nameOf(node: Identity | string): string {
  if (typeof node === "string") return node;
  return node.kind === "file" ? node.path : formatUrn(node);
}
