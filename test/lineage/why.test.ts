import { describe, expect, test } from "vitest";
import type { FileNode, Node } from "../../src/lineage/graph.ts";
import { edge } from "../../src/lineage/graph.ts";
import type { LineageIndex } from "../../src/lineage/store/lineage-index.ts";
import { formatUrn } from "../../src/lineage/urn.ts";
import { walk } from "../../src/lineage/walk.ts";
import type { Why } from "../../src/lineage/why.ts";
import { why } from "../../src/lineage/why.ts";
import type { WhyExtras } from "../../src/lineage/why/draw.ts";
import { drawWhy } from "../../src/lineage/why/draw.ts";
import { at, commit, runId, setId, trainingIndex } from "./training-index.ts";

const NOTHING: WhyExtras = { words: new Map(), rows: new Map(), labels: [] };

async function explain(index: LineageIndex, root: Node): Promise<Why> {
  const level = root.kind === "commit" ? "commit" : "file";
  return why(await walk(index, formatUrn(root), { direction: "up", level }));
}

const MODEL = { kind: "model-version", name: "fraud", version: 2 } as const;

function file(repo: string, path: string): FileNode {
  const { id, ...place } = commit(repo, 1);
  return { ...place, kind: "file", commit: id, path, sizeBytes: 1024 };
}

/** Days of training in which files and datums are known: two raw files, of which the datum that wrote /a.csv read one. */
function fileIndex(): LineageIndex {
  const index = trainingIndex({ days: 1 });
  index.write((writer) => {
    const datum = { kind: "datum", project: "default", pipeline: "etl", job: setId(1), id: "d0" } as const;
    const say = (node: Node, ...edges: Parameters<typeof writer.say>[0]["edges"]): void =>
      writer.say({ node, rank: "source", since: at(1), edges });
    say(
      datum,
      edge(datum, "within", { ...datum, kind: "job", id: datum.job }),
      edge(datum, "used", file("raw_data", "/day-1.csv")),
      edge(datum, "of", { kind: "pipeline", project: "default", pipeline: "etl", version: 1 }),
    );
    say(file("raw_data", "/day-1.csv"), edge(file("raw_data", "/day-1.csv"), "within", commit("raw_data", 1)));
    say(file("raw_data", "/day-2.csv"), edge(file("raw_data", "/day-2.csv"), "within", commit("raw_data", 1)));
    say(
      file("etl", "/a.csv"),
      edge(file("etl", "/a.csv"), "within", commit("etl", 1)),
      edge(file("etl", "/a.csv"), "generated", datum),
    );
  });
  return index;
}

describe("why", () => {
  test("a model is as it is: its run, and each stage back to what a user put", async () => {
    using index = trainingIndex();
    const text = drawWhy(await explain(index, MODEL), { ...NOTHING, labels: ["champion"] });
    expect(text).toMatchInlineSnapshot(`
      "model-version models:/fraud/2  2026-11-21T10:00:35Z  (champion)
        is what run aaaaaaa2000000000000000000000000 made
      run aaaaaaa2000000000000000000000000  day 2  finished  2026-11-21T10:00:30Z  auc=0.92
        made by train#1 (spark-submit train.py) in job train@ccccccc2000000000000000000000000, success, 2026-11-21 10:00:20Z
        with code: git 9999999999999999999999999999999999999992 (clean)
        with params: depth=5 seed=2
        with environment: image stemma/spark:1
        from etl@ccccccc2000000000000000000000000
      data etl@ccccccc2000000000000000000000000  1 file: /part.csv
        made by etl#1 (spark-submit etl.py) in job etl@ccccccc2000000000000000000000000, success, 2026-11-21 10:00:10Z
        with environment: image stemma/spark:1
        from raw_data@ccccccc2000000000000000000000000
      data raw_data@ccccccc2000000000000000000000000  1 file: /part.csv
        put by a user, 2026-11-21 10:00:01Z
      note: it does not say which datum it ran for, so all that its job used counts as read, at run aaaaaaa2000000000000000000000000
      complete
      "
    `);
  });

  test("a file is as it is: only what its datum read", async () => {
    using index = fileIndex();
    expect(drawWhy(await explain(index, file("etl", "/a.csv")), NOTHING)).toMatchInlineSnapshot(`
      "data etl@ccccccc1000000000000000000000000  1 file, 1.0 KiB: /a.csv
        made by etl#1 (spark-submit etl.py) in job etl@ccccccc1000000000000000000000000, 1 datum, success, 2026-11-20 10:00:10Z
        with environment: image stemma/spark:1
        from raw_data@ccccccc1000000000000000000000000
      data raw_data@ccccccc1000000000000000000000000  1 file, 1.0 KiB: /day-1.csv
        put by a user, 2026-11-20 10:00:01Z
      complete
      "
    `);
  });

  test("a commit is as it is", async () => {
    using index = trainingIndex();
    const { steps } = await explain(index, commit("train", 2));
    expect(steps.map(({ what }) => (what.kind === "data" ? what.commit.repo : what.kind))).toEqual(["train", "etl", "raw_data"]);
  });

  test("tells code and environment by the card where it is known, and rows where they were counted", async () => {
    using index = trainingIndex();
    const words = {
      code: { "git commit": "8".repeat(40), "changes on top": "some", script: "train.py" },
      environment: { python: "3.11.2", spark: "3.5.9", image: "stemma/spark:1" },
    };
    const text = drawWhy(await explain(index, MODEL), {
      words: new Map([[formatUrn({ kind: "run", id: runId(2) }), words]]),
      rows: new Map([[formatUrn(commit("raw_data", 2)), 2500]]),
      labels: [],
    });
    expect(text).toContain(`with code: git ${"8".repeat(40)} (with changes), script train.py\n`);
    expect(text).toContain("with environment: python 3.11.2, spark 3.5.9, image stemma/spark:1\n");
    expect(text).toContain("1 file, 2,500 rows: /part.csv\n");
  });

  test("each stage is told once where ways meet again", async () => {
    using index = trainingIndex({ days: 1 });
    index.write((writer) => {
      const join = commit("join", 1);
      writer.say({
        node: join,
        rank: "source",
        since: at(1, 50),
        edges: [edge(join, "derived", commit("etl", 1)), edge(join, "derived", commit("raw_data", 1))],
      });
    });
    const { steps } = await explain(index, commit("join", 1));
    expect(steps.map(({ what }) => (what.kind === "data" ? what.commit.repo : what.kind))).toEqual(["join", "etl", "raw_data"]);
  });

  test("a folder is as it is by the files in it, and says nothing of its own", async () => {
    using index = fileIndex();
    const folder = file("etl", "/days/");
    const inside = file("etl", "/days/1.csv");
    index.write((writer) => {
      const datum = { kind: "datum", project: "default", pipeline: "etl", job: setId(1), id: "d0" } as const;
      const within = [folder, inside].map((each) => edge(each, "within", commit("etl", 1)));
      writer.say({ node: inside, rank: "source", since: at(1), edges: [...within.slice(1), edge(inside, "generated", datum)] });
      writer.say({ node: folder, rank: "source", since: at(1), edges: [...within.slice(0, 1), edge(folder, "derived", inside)] });
    });
    expect(drawWhy(await explain(index, folder), NOTHING)).toMatch(
      /^data etl@\w+ {2}1 file, 1\.0 KiB: \/days\/1\.csv\n[^]*\ndata raw_data@\w+ {2}1 file, 1\.0 KiB: \/day-1\.csv\n/,
    );
  });

  test("says what is missing", async () => {
    using index = trainingIndex({ days: 1 });
    index.write((writer) => {
      const orphan = commit("train", 5);
      writer.say({ node: orphan, rank: "source", since: at(5), edges: [edge(orphan, "derived", commit("lost", 5))] });
    });
    const found = await explain(index, commit("train", 5));
    expect(found.complete).toBe(false);
    expect(drawWhy(found, NOTHING)).toMatch(/^incomplete: /m);
  });
});
