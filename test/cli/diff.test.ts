import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { diffCommand } from "../../src/cli/diff-command.ts";
import { StemmaError } from "../../src/lineage/errors.ts";
import type { CommitNode, RunNode } from "../../src/lineage/graph.ts";
import { edge } from "../../src/lineage/graph.ts";
import { LineageIndex } from "../../src/lineage/store/lineage-index.ts";
import type { TestEngine } from "../helpers/engine.ts";
import { branch, commitFiles, put, repo, startTestEngine } from "../helpers/engine.ts";
import { ask, schemaErrors } from "./ask-index.ts";

const [OLD_RUN, NEW_RUN, CARDLESS] = ["a".repeat(32), "b".repeat(32), "c".repeat(32)];

let engine: TestEngine;
let index: string;
/** Commits of raw_data, oldest first. */
let raw: readonly string[];

function commit(name: string, id: string): CommitNode {
  return { kind: "commit", project: "default", repo: name, type: "user", id, state: "finished" };
}

function run(id: string, depth: string, auc: number): RunNode {
  return {
    kind: "run",
    id,
    name: "tree",
    state: "finished",
    params: { depth, seed: "7" },
    metrics: { auc, loss: 0.5, "system/cpu": auc },
    tags: { "mlflow.source.git.commit": "9".repeat(40), "stemma.git_dirty": "false" },
  };
}

function card(id: string, python: string): string {
  return JSON.stringify({
    schema: "stemma/run-card/1",
    runId: id,
    command: ["python", "train.py"],
    code: { git: { commit: "9".repeat(40), dirty: false }, script: { path: "train.py", sha256: python } },
    environment: { versions: { python }, host: { os: "Debian", arch: "x64" }, lockFiles: [] },
    artifacts: [],
  });
}

function table(...rows: readonly string[]): string {
  return `id,type,amount\n${rows.map((row) => `${row}\n`).join("")}`;
}

const ROWS = Array.from({ length: 1500 }, (_, row) => `${row},PAYMENT,${row * 2}`);

beforeAll(async () => {
  engine = await startTestEngine();
  const { client } = engine;
  for (const name of ["raw_data", "train"]) await client.createRepo(repo(name));
  const first = await commitFiles(client, "raw_data", {
    "/day-1.csv": table(...ROWS),
    "/old.bin": "\0\u0001",
    "/notes.csv": "\0",
    "/gone.txt": "gone",
  });
  await client.modifyBranch(branch("raw_data"), [
    put("/day-1.csv", table(...ROWS.slice(1).toReversed(), "1,PAYMENT,2", "0,PAYMENT,9")),
    put("/day-2.csv", table("7,PAYMENT,7")),
    put("/new.bin", "\0\u0001"),
    put("/notes.csv", "\0\0"),
    { kind: "delete", path: "/old.bin" },
    { kind: "delete", path: "/gone.txt" },
  ]);
  raw = [first, (await client.inspectCommit({ repo: repo("raw_data"), at: "master" })).commit.id];
  const outputs = [
    await commitFiles(client, "train", { [`/${OLD_RUN}`]: card(OLD_RUN, "3.11.2") }),
    await commitFiles(client, "train", { [`/${NEW_RUN}`]: card(NEW_RUN, "3.12.1") }),
  ];
  index = join(await mkdtemp(join(tmpdir(), "stemma-diff-")), "index.sqlite");
  using lineage = new LineageIndex(index);
  lineage.write((writer) => {
    for (const id of raw) writer.say({ node: commit("raw_data", id), rank: "source", edges: [] });
    for (const [at, node] of [run(OLD_RUN, "5", 0.8), run(NEW_RUN, "6", 0.9)].entries()) {
      writer.say({ node, rank: "source", edges: [edge(node, "used", commit("raw_data", raw[at] ?? ""))] });
      const output = commit("train", outputs[at] ?? "");
      writer.say({ node: output, rank: "source", edges: [edge(output, "generated", node)] });
    }
    const alone = run(CARDLESS, "5", 0.8);
    writer.say({ node: alone, rank: "source", edges: [edge(alone, "used", commit("raw_data", first))] });
  });
});

afterAll(async () => {
  await engine.close();
  await rm(join(index, ".."), { recursive: true, force: true });
});

async function diff(...argv: readonly string[]): Promise<{ readonly code: number; readonly out: string }> {
  const { code, out } = await ask(diffCommand, [...argv, "--no-sync", "--index", index, "--pachd", engine.engine.address]);
  return { code, out: named(out) };
}

/** Ids by which commit they are. */
function named(text: string): string {
  return text.replaceAll(raw[0] ?? "", "FIRST").replaceAll(raw[1] ?? "", "SECOND");
}

describe("stemma diff", () => {
  test("says what differs between two runs: the causes first, the outcome last", async () => {
    expect(await diff(OLD_RUN, NEW_RUN)).toMatchInlineSnapshot(`
      {
        "code": 1,
        "out": "- run aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa  tree  finished
      + run bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb  tree  finished
      data
        read raw_data@FIRST → raw_data@SECOND  files: 2 changed, 1 added, 1 removed, 1 moved
          ~ /day-1.csv  24.8 KiB → 24.8 KiB
          ~ /notes.csv  1 B → 2 B
          + /day-2.csv  27 B
          - /gone.txt  4 B
          > /old.bin → /new.bin
      code
        script's content  3.11.2 → 3.12.1
      params
        depth  5 → 6
      environment
        python  3.11.2 → 3.12.1
      metrics
        auc  0.8 → 0.9  +0.1 (+12.5 %)
        … and 1 of the machine: --all shows them
      complete
      ",
      }
    `);
  });

  test("lists the rows of tables that differ, wherever they stand in them", async () => {
    const { out } = await diff(`raw_data@${raw[0]}`, `raw_data@${raw[1]}`, "--data");
    expect(out).toMatchInlineSnapshot(`
      "- commit raw_data@FIRST  finished
      + commit raw_data@SECOND  finished
      data
        raw_data@FIRST → raw_data@SECOND  files: 2 changed, 1 added, 1 removed, 1 moved
          ~ /day-1.csv  24.8 KiB → 24.8 KiB
              1 row removed, 2 rows added
                id,type,amount
              - 0,PAYMENT,0
              + 1,PAYMENT,2
              + 0,PAYMENT,9
          ~ /notes.csv  1 B → 2 B
              rows not compared: it is binary
          + /day-2.csv  27 B
          - /gone.txt  4 B
          > /old.bin → /new.bin
      complete
      "
    `);
  });

  test("says how many rows and files it does not list", async () => {
    const { out } = await diff(`raw_data@${raw[0]}`, `raw_data@${raw[1]}`, "--data", "--limit", "1");
    expect(out.split("\n").filter((line) => line.includes("more"))).toMatchInlineSnapshot(`
      [
        "          … and 1 more row: --limit 0 shows all",
        "    … and 1 more changed: --limit 0 shows all",
      ]
    `);
  });

  test("ends with 0 when nothing differs, and --all shows what is equal", async () => {
    expect(await diff(OLD_RUN, OLD_RUN)).toMatchObject({ code: 0 });
    expect((await diff(OLD_RUN, OLD_RUN, "--all")).out).toMatchInlineSnapshot(`
      "- run aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa  tree  finished
      + run aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa  tree  finished
      data
        read raw_data@FIRST  equal
      code
        changes on top    none (equal)
        command           python train.py (equal)
        git commit        9999999999999999999999999999999999999999 (equal)
        script            train.py (equal)
        script's content  3.11.2 (equal)
      params
        depth  5 (equal)
        seed   7 (equal)
      environment
        arch    x64 (equal)
        os      Debian (equal)
        python  3.11.2 (equal)
      metrics
        auc         0.8 (equal)
        loss        0.5 (equal)
        system/cpu  0.8 (equal)
      nothing differs
      complete
      "
    `);
  });

  test("says that it could not see all of a run without a card", async () => {
    const { out, code } = await diff(OLD_RUN, CARDLESS);
    expect(code).toBe(1);
    expect(out).toContain("incomplete: its run card is not to be had, so of its code and environment only its tags are known");
  });

  test("as JSON follows its schema, and has a line for each difference as JSON lines", async () => {
    const commits = [`raw_data@${raw[0]}`, `raw_data@${raw[1]}`, "--data"];
    for (const argv of [[OLD_RUN, NEW_RUN], [OLD_RUN, NEW_RUN, "--all"], commits])
      expect(await schemaErrors("diff-1", (await diff(...argv, "-o", "json")).out)).toBeNull();
    const lines = (await diff(OLD_RUN, NEW_RUN, "-o", "jsonl")).out.trimEnd().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { part?: string }).part ?? "end")).toEqual([
      "data",
      "code",
      "params",
      "environment",
      "metrics",
      "metrics",
      "end",
    ]);
  });

  test("refuses what it cannot compare, in one line", async () => {
    await expect(diff(OLD_RUN, "f".repeat(32))).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(diff(OLD_RUN, `raw_data@${raw[0]}:/day-1.csv`)).rejects.toThrow(StemmaError);
    await expect(diff(OLD_RUN, NEW_RUN, "--limit", "x")).rejects.toMatchObject({ code: "USAGE" });
  });
});
