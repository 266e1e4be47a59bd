import { describe, expect, test } from "vitest";
import { diffNodes } from "../../src/collect/diff-nodes.ts";
import type { Sources } from "../../src/collect/ports.ts";
import { absentSource } from "../../src/collect/ports.ts";
import type { Difference } from "../../src/lineage/diff/difference.ts";
import { onlyDifferences } from "../../src/lineage/diff/difference.ts";
import { StemmaError } from "../../src/lineage/errors.ts";
import type { FileNode, Node, PipelineNode } from "../../src/lineage/graph.ts";
import { edge } from "../../src/lineage/graph.ts";
import type { LineageIndex } from "../../src/lineage/store/lineage-index.ts";
import { formatUrn } from "../../src/lineage/urn.ts";
import type { PipelineInfo } from "../../src/pachyderm/types.ts";
import { at, commit, runId, setId, trainingIndex } from "../lineage/training-index.ts";

const AWAY = new StemmaError("UNREACHABLE", "Pachyderm is away");
const NO_SOURCES: Sources = { pachyderm: absentSource(AWAY), mlflow: absentSource(AWAY) };
const FIRST: Node = { kind: "run", id: runId(1) };
const SECOND: Node = { kind: "run", id: runId(2) };

async function diff(index: LineageIndex, sources: Sources = NO_SOURCES, before = FIRST, after = SECOND): Promise<Difference> {
  const [old, now] = [before, after].map((node) => index.record(formatUrn(node))?.node);
  if (old === undefined || now === undefined) throw new Error("the index has no such runs");
  const expander = { expand: async () => [] };
  return onlyDifferences(await diffNodes({ index, expander, sources }, old, now, { limit: 20, all: false, rows: false }));
}

/** A card as the tracker writes it, in short. */
function card(day: number): string {
  return JSON.stringify({
    schema: "stemma/run-card/1",
    runId: runId(day),
    environment: { versions: {}, packages: { source: "python", count: 2, artifact: "environment/packages.txt" } },
    artifacts: [{ path: "environment/packages.txt", sha256: String(day) }],
  });
}

/** Servers that know each run's card and packages, and both versions of a pipeline. */
function sources(specs: readonly PipelineInfo[] = []): Sources {
  const pachyderm = {
    ...NO_SOURCES.pachyderm,
    readFile: async function* (_: unknown, path: string) {
      yield Buffer.from(card(path === `/${runId(1)}` ? 1 : 2));
    },
    walkFiles: async function* () {
      yield* [];
    },
    listPipelines: async function* () {
      yield* specs;
    },
  };
  const mlflow = {
    ...NO_SOURCES.mlflow,
    findRun: async (id: string) => ({ id }),
    readArtifact: async ({ id }: { readonly id: string }, _: string, take: (piece: Uint8Array) => void) =>
      take(Buffer.from(`numpy==${id === runId(1) ? "1.26" : "2.1"}\npandas==2.2\n`)),
  };
  return { pachyderm, mlflow } as unknown as Sources;
}

describe("what differs between two runs", () => {
  test("is said as far as it is known when no server answers, with what is missing", async () => {
    using index = trainingIndex();
    const found = await diff(index);
    expect(found.params).toEqual([{ name: "seed", before: "1", after: "2", changed: true }]);
    expect(found.metrics.map(({ name }) => name)).toEqual(["auc", "system/cpu"]);
    expect(found.complete).toBe(false);
    expect(found.gaps.map(({ why }) => why)).toEqual([
      "its files cannot be compared: Pachyderm is away",
      "its run card cannot be read (Pachyderm is away), so of its code and environment only its tags are known",
      "its run card cannot be read (Pachyderm is away), so of its code and environment only its tags are known",
    ]);
  });

  test("are packages, one by one, where their lists are not the same", async () => {
    using index = trainingIndex();
    const found = await diff(index, sources());
    expect(found.complete).toBe(true);
    expect(found.environment).toEqual([
      { name: "package numpy", before: "1.26", after: "2.1", changed: true },
      { name: "packages", before: "2 of python, list sha256:1", after: "2 of python, list sha256:2", changed: true },
    ]);
  });

  test("are the paths of the pipeline's specification, where the server still knows both versions", async () => {
    using index = trainingIndex();
    useSecondVersion(index);
    const found = await diff(index, sources([spec(1, 5), spec(2, 6)]));
    expect(found.spec.map(({ name, before, after }) => [name, before, after])).toEqual([
      ["spec transform.env.DEPTH", "5", "6"],
      ["version", "1", "2"],
    ]);
    const partly = await diff(index, sources([spec(2, 6)]));
    expect(partly.gaps.map(({ why }) => why)).toEqual(["the server no longer knows this version's specification"]);
    expect(partly.spec.map(({ name }) => name)).toEqual(["version", "whole spec"]);
  });

  test("are the files of its own datum, and not all that its job used", async () => {
    using index = trainingIndex({ days: 1 });
    const [one, two] = ["1".repeat(32), "2".repeat(32)];
    index.write((writer) => {
      for (const [id, path] of [
        [one, "/one.csv"],
        [two, "/two.csv"],
      ] as const) {
        const datum = { kind: "datum", project: "default", pipeline: "train", job: setId(1), id: id.slice(0, 8) } as const;
        const { id: etl, ...place } = commit("etl", 1);
        const file: FileNode = { ...place, kind: "file", commit: etl, path, sizeBytes: 1, hash: path };
        const run = { kind: "run", id } as const;
        writer.say({ node: file, rank: "source", edges: [] });
        writer.say({ node: datum, rank: "source", edges: [edge(datum, "used", file)] });
        writer.say({
          node: run,
          rank: "source",
          edges: [edge(run, "within", datum), edge(run, "within", { ...datum, kind: "job", id: setId(1) })],
        });
      }
    });
    const { data } = await diff(index, NO_SOURCES, { kind: "run", id: one }, { kind: "run", id: two });
    expect(data.map(({ counts }) => counts)).toEqual([{ changed: 0, added: 1, removed: 1, moved: 0 }]);
  });
});

function spec(version: number, depth: number): PipelineInfo {
  return { version, effectiveSpecJson: JSON.stringify({ transform: { env: { DEPTH: depth } } }) } as PipelineInfo;
}

/** The second day's training was of a second version of the pipeline. */
function useSecondVersion(index: LineageIndex): void {
  const version: PipelineNode = { kind: "pipeline", project: "default", pipeline: "train", version: 2 };
  const job = { kind: "job", project: "default", pipeline: "train", id: setId(2) } as const;
  index.write((writer) => {
    writer.say({
      node: { ...version, image: "stemma/spark:1", command: ["spark-submit", "train.py"], specDigest: "other" },
      rank: "source",
      edges: [],
    });
    writer.say({
      node: job,
      rank: "source",
      since: at(2),
      edges: [edge(job, "of", version), edge(job, "used", commit("etl", 2))],
    });
  });
}
