import { describe, expect, test } from "vitest";
import { drawHistory } from "../../src/lineage/draw/history.ts";
import { StemmaError } from "../../src/lineage/errors.ts";
import type { Node } from "../../src/lineage/graph.ts";
import { edge } from "../../src/lineage/graph.ts";
import type { LogOptions } from "../../src/lineage/log.ts";
import { log } from "../../src/lineage/log.ts";
import { referenceTo } from "../../src/lineage/reference.ts";
import type { LineageIndex } from "../../src/lineage/store/lineage-index.ts";
import { formatUrn } from "../../src/lineage/urn.ts";
import { at, commit, runId, setId, trainingIndex } from "./training-index.ts";

function commitsOf(index: LineageIndex, root: Node, options: LogOptions = {}): readonly string[] {
  return [...log(index, root, options).entries].map(({ commit }) => referenceTo(commit).replace(/@c+(\d+?)0+$/, "@$1"));
}

describe("a history", () => {
  test("is a branch's commits, newest first, with what was done and what came out", () => {
    using index = trainingIndex();
    expect(drawHistory(log(index, commit("train", 2)), { rails: false })).toMatchInlineSnapshot(`
      "train@ccccccc20000 (master)  2026-11-21 10:00:20Z  job success  run aaaaaaa20000 "day 2" auc=0.92  models:/fraud/2 (champion)
      train@ccccccc10000  2026-11-20 10:00:20Z  job success  run aaaaaaa10000 "day 1" auc=0.91  models:/fraud/1
      complete
      "
    `);
  });

  test("is drawn with the commits of other repos that these were made from", () => {
    using index = trainingIndex();
    expect(drawHistory(log(index, commit("train", 2), { graph: true }), { rails: true })).toMatchInlineSnapshot(`
      "* train@ccccccc20000 (master)  2026-11-21 10:00:20Z  job success  run aaaaaaa20000 "day 2" auc=0.92  models:/fraud/2 (champion)
      ├─╮
      │ * etl@ccccccc20000 (master)  2026-11-21 10:00:10Z  job success
      │ ├─╮
      │ │ * raw_data@ccccccc20000 (master)  2026-11-21 10:00:01Z
      * │ │ train@ccccccc10000  2026-11-20 10:00:20Z  job success  run aaaaaaa10000 "day 1" auc=0.91  models:/fraud/1
      ├─╯ │
      *   │ etl@ccccccc10000  2026-11-20 10:00:10Z  job success
      ├───╯
      * raw_data@ccccccc10000  2026-11-20 10:00:01Z
      complete
      "
    `);
  });

  test("of a run is that of the branch which its commit is on", () => {
    using index = trainingIndex({ days: 3 });
    expect(commitsOf(index, { kind: "run", id: runId(2) })).toEqual(["train@3", "train@2", "train@1"]);
    expect(commitsOf(index, { kind: "model-version", name: "fraud", version: 1 })).toEqual(["train@3", "train@2", "train@1"]);
  });

  test("of a commit begins there", () => {
    using index = trainingIndex({ days: 3 });
    expect(commitsOf(index, commit("train", 2))).toEqual(["train@2", "train@1"]);
  });

  test("has other branches when all is asked for", () => {
    using index = trainingIndex();
    index.write((writer) => {
      const side = { ...commit("train", 7), parent: setId(1), state: "finished" };
      writer.say({ node: side, rank: "source", since: at(7), edges: [] });
      writer.point("branch:default/train", "side", formatUrn(side), at(7));
    });
    expect(commitsOf(index, commit("train", 2))).toEqual(["train@2", "train@1"]);
    expect(commitsOf(index, commit("train", 2), { all: true })).toEqual(["train@7", "train@2", "train@1"]);
  });

  test("says how many commits it leaves out", () => {
    using index = trainingIndex({ days: 5 });
    const text = drawHistory(log(index, commit("raw_data", 5), { number: 2 }), { rails: false });
    expect(text.split("\n").slice(2)).toEqual(["… and 3 older: --number 0 shows all", "complete", ""]);
  });

  test("says where a commit is spoken of and nothing else is known of it", () => {
    using index = trainingIndex({ days: 1 });
    const gone = { ...commit("train", 9), parent: setId(8) };
    index.write((writer) =>
      writer.say({ node: gone, rank: "source", since: at(9), edges: [edge(gone, "derived", commit("train", 8))] }),
    );
    const history = log(index, gone);
    expect(history.complete).toBe(false);
    expect(drawHistory(history, { rails: false })).toContain(
      `incomplete: the commit is gone, and with it what is known of it, at commit train@${setId(8)}\n`,
    );
  });

  test("is refused for a run that made no commit", () => {
    using index = trainingIndex();
    const alone = { kind: "run", id: "b".repeat(32) } as const;
    index.write((writer) => writer.say({ node: alone, rank: "source", edges: [] }));
    expect(() => log(index, alone)).toThrow(StemmaError);
  });
});
