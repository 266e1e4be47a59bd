import { describe, expect, test } from "vitest";
import { drawTree } from "../../../src/lineage/draw/draw-tree.ts";
import type { Edge, Graph, Node } from "../../../src/lineage/graph.ts";
import { edge, fileNames } from "../../../src/lineage/graph.ts";
import { toJson } from "../../../src/lineage/draw/to-json.ts";
import { formatUrn } from "../../../src/lineage/urn.ts";
import type { Gap, Trace } from "../../../src/lineage/answer.ts";
import { concluded } from "../../../src/lineage/answer.ts";
import { graphOf, urnOf } from "../graphs.ts";

const ID = "0123456789ab4def8123456789abcdef";
const RUN_ID = "fedcba9876544321a987654321fedcba";
const TIME = new Date("2026-11-21T10:00:00.123Z");

const raw = {
  kind: "commit",
  project: "default",
  repo: "raw_data",
  type: "user",
  id: ID,
  state: "finished",
  time: TIME,
} as const;
const out = {
  kind: "commit",
  project: "fraud",
  repo: "train",
  type: "user",
  id: ID,
  state: "failed",
  reason: "datum x\nfailed",
  time: TIME,
} as const;
const job = { kind: "job", project: "fraud", pipeline: "train", id: ID, state: "success" } as const;
const pipeline = { kind: "pipeline", project: "fraud", pipeline: "train", version: 2, image: "spark:3" } as const;
const run = {
  kind: "run",
  id: RUN_ID,
  name: "tree\u001b[31m",
  state: "finished",
  time: TIME,
  metrics: { "system/processes": 4, "spark.tasks": 7, pr: 0.123456789, n: 1e6, a: 1, b: 2, c: 3, d: 4, e: 5 },
  link: `http://127.0.0.1:5000/#/experiments/1/runs/${RUN_ID}`,
} as const;

/** One run in one job, at the level of commits. */
const coarse: readonly Edge[] = [
  edge(out, "generated", job),
  edge(out, "generated", run),
  edge(run, "within", job),
  edge(job, "of", pipeline),
  edge(job, "used", raw, fileNames(["/day-1.csv", "/day 2.csv"])),
];

function traceOf(
  root: Node,
  direction: Trace["direction"],
  edges: readonly Edge[],
  nodes: readonly Node[],
  gaps: readonly Gap[] = [],
): Trace {
  return {
    root: formatUrn(root),
    direction,
    edges,
    nodes: new Map([root, ...nodes].map((node) => [formatUrn(node), node])),
    ...concluded(gaps),
  };
}

/** All of a graph as what one of its things came from. */
function wholeOf(graph: Graph, root: string): Trace {
  return { ...graph, root: urnOf(root), direction: "up", ...concluded([]) };
}

describe("a drawing", () => {
  test("of what a commit came from", () => {
    expect(drawTree(traceOf(out, "up", coarse, [run, job, pipeline, raw]))).toMatchInlineSnapshot(`
      "commit fraud/train@0123456789ab4def8123456789abcdef  failed (datum x failed)  2026-11-21T10:00:00Z
      came from
      └─ run fedcba9876544321a987654321fedcba  tree�[31m  finished  2026-11-21T10:00:00Z
         │ a=1 b=2 c=3 d=4 e=5 n=1000000 and 1 more
         │ http://127.0.0.1:5000/#/experiments/1/runs/fedcba9876544321a987654321fedcba
         └─ job fraud/train@0123456789ab4def8123456789abcdef  success
            ├─ pipeline fraud/train#2  spark:3
            └─ commit raw_data@0123456789ab4def8123456789abcdef  finished  2026-11-21T10:00:00Z
                 read: "/day 2.csv" /day-1.csv
      complete
      "
    `);
  });

  test("of both directions", () => {
    expect(drawTree(traceOf(job, "both", coarse, [out, run, pipeline, raw]))).toMatchInlineSnapshot(`
      "job fraud/train@0123456789ab4def8123456789abcdef  success
      came from
      ├─ pipeline fraud/train#2  spark:3
      └─ commit raw_data@0123456789ab4def8123456789abcdef  finished  2026-11-21T10:00:00Z
           read: "/day 2.csv" /day-1.csv
      led to
      └─ run fedcba9876544321a987654321fedcba  tree�[31m  finished  2026-11-21T10:00:00Z
         │ a=1 b=2 c=3 d=4 e=5 n=1000000 and 1 more
         │ http://127.0.0.1:5000/#/experiments/1/runs/fedcba9876544321a987654321fedcba
         └─ commit fraud/train@0123456789ab4def8123456789abcdef  failed (datum x failed)  2026-11-21T10:00:00Z
      complete
      "
    `);
  });

  test("shows a node once and then refers to it", () => {
    //  a <- b, c <- d
    const graph = graphOf("b <- a", "c <- a", "d <- b c");
    expect(drawTree(wholeOf(graph, "d"))).toMatchInlineSnapshot(`
      "batch urn:stemma:batch:d
      came from
      ├─ batch urn:stemma:batch:b
      │  └─ batch urn:stemma:batch:a
      └─ batch urn:stemma:batch:c
         └─ batch urn:stemma:batch:a (above)
      complete
      "
    `);
  });

  test("of a folder leads to what came out of the files in it", () => {
    const file = { kind: "file", project: "default", repo: "raw_data", type: "user", commit: ID } as const;
    const folder = { ...file, path: "/days/" };
    const inside = { ...file, path: "/days/1.csv" };
    const edges = [edge(folder, "derived", inside), edge(run, "used", inside)];
    expect(drawTree(traceOf(folder, "down", edges, [inside, { ...run, metrics: {}, link: undefined }]))).toMatchInlineSnapshot(`
      "file raw_data@0123456789ab4def8123456789abcdef:/days/
      led to
      └─ file raw_data@0123456789ab4def8123456789abcdef:/days/1.csv
         └─ run fedcba9876544321a987654321fedcba  tree�[31m  finished  2026-11-21T10:00:00Z
      complete
      "
    `);
  });

  test("says of a commit which cards it holds of runs that are not in the answer", () => {
    const holding = { ...out, reason: undefined, runCards: [RUN_ID] };
    expect(drawTree(traceOf(holding, "down", [], []))).toContain(`\n  holds the card of run ${RUN_ID}\n`);
    expect(drawTree(traceOf(holding, "up", coarse, [run, job, pipeline, raw]))).not.toContain("holds");
  });

  test("of a cycle ends", () => {
    const graph = graphOf("a <- b", "b <- a");
    expect(drawTree(wholeOf(graph, "a"))).toMatchInlineSnapshot(`
      "batch urn:stemma:batch:a
      came from
      └─ batch urn:stemma:batch:b
         └─ batch urn:stemma:batch:a (above)
      complete
      "
    `);
  });

  test("says what is gone, what was only tried, and what a model is called", () => {
    const tried = { ...run, attempt: true, name: "first", metrics: {}, link: undefined };
    const model = {
      kind: "model-version",
      name: "fraud",
      version: 3,
      aliases: ["champion", "latest"],
      stage: "Production",
    } as const;
    const edges = [edge(model, "generated", tried), edge(tried, "within", job)];
    expect(drawTree(traceOf(model, "up", edges, [tried, { ...job, gone: TIME }]))).toMatchInlineSnapshot(`
      "model-version models:/fraud/3  @champion  @latest  Production
      came from
      └─ run fedcba9876544321a987654321fedcba  first  finished  2026-11-21T10:00:00Z  (attempt)
         └─ job fraud/train@0123456789ab4def8123456789abcdef  success  gone since 2026-11-21T10:00:00Z
      complete
      "
    `);
  });

  test("says what is missing in its last lines", () => {
    const gaps: readonly Gap[] = [
      { at: formatUrn(job), why: "a folder was read", effect: "wider" },
      ...[job, run, raw, out].map((node) => ({
        at: formatUrn(node),
        why: "MLflow cannot\nbe reached",
        effect: "missing" as const,
      })),
      { at: formatUrn(raw), why: "the commit is gone", effect: "missing" },
    ];
    expect(drawTree(traceOf(raw, "down", [], [job, run, out], gaps))).toMatchInlineSnapshot(`
      "commit raw_data@0123456789ab4def8123456789abcdef  finished  2026-11-21T10:00:00Z
      led to nothing that is recorded
      note: a folder was read, at job fraud/train@0123456789ab4def8123456789abcdef
      incomplete: MLflow cannot be reached, at job fraud/train@0123456789ab4def8123456789abcdef and run fedcba9876544321a987654321fedcba and commit raw_data@0123456789ab4def8123456789abcdef and 1 more
      incomplete: the commit is gone, at commit raw_data@0123456789ab4def8123456789abcdef
      "
    `);
  });

  test("wraps a long list of files, and counts a longer one", () => {
    const names = Array.from({ length: 12 }, (_, index) => `/a-rather-long-folder/file-${index}.csv`);
    const twelve = edge(job, "used", raw, fileNames(names));
    const many = edge(job, "used", raw, fileNames([...names, ...names.map((name) => `${name}.gz`)]));
    expect(drawTree(traceOf(job, "up", [twelve], [raw]))).toMatchInlineSnapshot(`
      "job fraud/train@0123456789ab4def8123456789abcdef  success
      came from
      └─ commit raw_data@0123456789ab4def8123456789abcdef  finished  2026-11-21T10:00:00Z
           read: /a-rather-long-folder/file-0.csv /a-rather-long-folder/file-1.csv
           /a-rather-long-folder/file-10.csv /a-rather-long-folder/file-11.csv /a-rather-long-folder/file-2.csv
           /a-rather-long-folder/file-3.csv /a-rather-long-folder/file-4.csv /a-rather-long-folder/file-5.csv
           /a-rather-long-folder/file-6.csv /a-rather-long-folder/file-7.csv /a-rather-long-folder/file-8.csv
           /a-rather-long-folder/file-9.csv
      complete
      "
    `);
    expect(drawTree(traceOf(job, "up", [many], [raw]))).toContain("read: 24 files");
  });

  test("of a chain of 3,000 does not exhaust the stack", () => {
    const lines = Array.from({ length: 3_000 }, (_, index) => `${index + 1} <- ${index}`);
    const drawn = drawTree(wholeOf(graphOf(...lines), "3000"));
    expect(drawn.split("\n")).toHaveLength(3_000 + 4);
  });
});

test("as JSON, an answer has its version, its gaps and what can be typed", () => {
  const json = toJson(traceOf(out, "up", coarse, [run, job, pipeline, raw]));
  expect(json).toMatchObject({
    version: 1,
    kind: "trace",
    root: `urn:stemma:commit:fraud/train@${ID}`,
    direction: "up",
    complete: true,
    gaps: [],
  });
  expect(json.nodes[0]).toMatchObject({ urn: json.root, reference: `fraud/train@${ID}`, kind: "commit", repo: "train" });
  expect(json.edges).toContainEqual({
    from: `urn:stemma:job:fraud/train@${ID}`,
    to: `urn:stemma:commit:default/raw_data@${ID}`,
    kind: "used",
    files: { count: 2, names: ["/day 2.csv", "/day-1.csv"] },
  });
});
