import { mkdtemp, readFile, readdir, rm, truncate, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { changeFiles } from "../../../src/engine/pfs/change-files.ts";
import { type CommitRow, commitText } from "../../../src/engine/pfs/commits.ts";
import type { StoredContent } from "../../../src/engine/store/content-store.ts";
import { type FileOperation, planEdits } from "../../../src/engine/files/edits.ts";
import { type Finding, checkStore } from "../../../src/engine/upkeep/fsck.ts";
import { collectGarbage } from "../../../src/engine/upkeep/gc.ts";
import { removeCommitSet } from "../../../src/engine/pfs/remove-commits.ts";
import { createRepo } from "../../../src/engine/pfs/repos.ts";
import { startCommit } from "../../../src/engine/pfs/start-commit.ts";
import { EngineState } from "../../../src/engine/state.ts";

let home: string;
let state: EngineState;

const DATA = { project: "default", name: "data", type: "user" };
const LARGE = Buffer.alloc(300_000, "large;");

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "stemma-fsck-"));
  state = await EngineState.open(home);
  state.write((tx) => createRepo(tx, DATA, ""));
});

afterEach(async () => {
  state.close();
  await rm(home, { recursive: true });
});

async function* inPieces(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}

/** Puts files on master, as one commit. */
async function put(files: Readonly<Record<string, string | Buffer>>): Promise<CommitRow> {
  using hold = state.content.hold();
  const operations: FileOperation[] = [];
  for (const [path, bytes] of Object.entries(files)) {
    const content = await state.content.write(inPieces(Buffer.from(bytes)), hold);
    operations.push({ kind: "delete", path, tag: "default" }, { kind: "append", path, tag: "default", content });
  }
  return await changeFiles(state, { repo: DATA, branch: "master", id: "" }, hold, (root) =>
    planEdits(state, root, operations, hold),
  );
}

function check(fix = false): Promise<Finding[]> {
  return Array.fromAsync(checkStore(state, { fix }));
}

async function errors(): Promise<string[]> {
  const findings = await check();
  expect(findings.every(({ kind }) => kind === "error")).toBe(true);
  return findings.map(({ text }) => text);
}

function contentOf(commit: CommitRow, path: string): StoredContent {
  for (const file of state.files(commit.root).files()) if (file.path === path) return file.content;
  return expect.fail(`${path} is not there`);
}

/** The id of a file's only chunk. */
function objectOf(commit: CommitRow, path: string): string {
  return contentOf(commit, path).chunks[0]?.id ?? "";
}

function fileOf(id: string): string {
  return join(home, "objects", id.slice(0, 2), id);
}

/** Makes the tables contradict themselves, as only a bug or a foreign hand can. */
function damageTables(sql: string): void {
  state.db.sqlite.exec(`PRAGMA foreign_keys = OFF; ${sql}; PRAGMA foreign_keys = ON`);
}

describe("a check of the store", () => {
  test("finds nothing where all is well, also beside what nobody needs any more and what was left unfinished", async () => {
    await put({ "/small": "1", "/large": LARGE });
    const dropped = await put({ "/other": "2", "/folder/large": Buffer.alloc(200_000, "other;") });
    state.write((tx) => removeCommitSet(tx, "drop", dropped.set_id));
    state.write((tx) => startCommit(tx, DATA, "open", ""));
    await writeFile(`${fileOf(objectOf(dropped, "/folder/large"))}.part`, "half");
    expect(await check()).toEqual([]);
  });

  test("names an object that is missing, with the commits and files that need it", async () => {
    const one = await put({ "/a": "same", "/b": "same", "/c": "other" });
    const two = await put({ "/c": "new" });
    const id = objectOf(one, "/a");
    state.db.run("DELETE FROM objects WHERE id = ?", id);
    const places = [two, one].flatMap((commit) => ["/a", "/b"].map((path) => `${commitText(state.db, commit)}:${path}`));
    expect(await errors()).toEqual([`object ${id} is missing: 2 commits need it (${places.join(", ")})`]);
  });

  test("names the first few of many, and says how many more there are", async () => {
    const commit = await put(Object.fromEntries(Array.from({ length: 9 }, (_, number) => [`/${number}`, "same"])));
    state.db.run("DELETE FROM objects");
    const text = commitText(state.db, commit);
    expect(await errors()).toEqual([
      `object ${objectOf(commit, "/0")} is missing: 1 commit needs it (${[0, 1, 2, 3, 4].map((number) => `${text}:/${number}`).join(", ")}, and 4 more)`,
    ]);
  });

  test.each([
    ["is missing", (file: string) => unlink(file)],
    ["is damaged", (file: string) => truncate(file, 1000)],
    ["is damaged", (file: string) => writeFile(file, Buffer.alloc(300_000, "lorge;"))],
    ["is damaged", (file: string) => writeFile(file, Buffer.alloc(9_000_000))],
  ])("says of a large object that it %s (%#)", async (problem, damage) => {
    const commit = await put({ "/large": LARGE });
    const id = objectOf(commit, "/large");
    await damage(fileOf(id));
    expect(await errors()).toEqual([`object ${id} ${problem}: 1 commit needs it (${commitText(state.db, commit)}:/large)`]);
    await put({ "/again": LARGE });
    expect(await errors()).toEqual([]);
  });

  test("says of a small object that it is damaged; putting the same content again repairs it", async () => {
    const commit = await put({ "/a": "good" });
    state.db.run("UPDATE objects SET data = CAST('evil' AS BLOB)");
    const id = objectOf(commit, "/a");
    expect(await errors()).toEqual([`object ${id} is damaged: 1 commit needs it (${commitText(state.db, commit)}:/a)`]);
    await put({ "/b": "good" });
    expect(await errors()).toEqual([]);
  });

  test.each([
    ["is missing", "DELETE FROM nodes WHERE id = ?"],
    ["is damaged", "UPDATE nodes SET node = node || ' ' WHERE id = ?"],
  ])("says of a tree node that it %s, and which files are listed there", async (problem, sql) => {
    const commit = await put(Object.fromEntries(Array.from({ length: 300 }, (_, number) => [`/${1000 + number}`, "x"])));
    const text = commitText(state.db, commit);
    const { children } = state.nodes.read(commit.root) as { children: readonly { id: string; count: number; lastKey: string }[] };
    const [child = expect.fail("the tree has one node")] = children;
    state.db.run(sql, child.id);
    const place = `${text}:${child.lastKey.split("\0")[0]} and ${child.count - 1} files before it`;
    expect(await errors()).toEqual([`tree node ${child.id} ${problem}: 1 commit needs it (${place})`]);
    state.db.run(sql, commit.root);
    expect(await errors()).toContain(`tree node ${commit.root} ${problem}: 1 commit needs it (${text} (all its files))`);
  });

  test("with `fix` removes what is damaged and needed by nobody, and what was left unfinished", async () => {
    const kept = await put({ "/small": "1", "/large": LARGE });
    const dropped = await put({ "/other": "2", "/folder/large": Buffer.alloc(200_000, "other;") });
    state.write((tx) => removeCommitSet(tx, "drop", dropped.set_id));
    const [small, large] = [objectOf(dropped, "/other"), objectOf(dropped, "/folder/large")];
    state.db.run("UPDATE objects SET data = x'00' WHERE id = ?", small);
    state.db.run("UPDATE nodes SET node = node || ' ' WHERE id = ?", dropped.root);
    await truncate(fileOf(large), 5);
    await writeFile(`${fileOf(objectOf(kept, "/large"))}.part`, "half");
    const what = [`tree node ${dropped.root}`, `object ${small}`, `object ${large}`];
    const problem = "is damaged";
    expect(await errors()).toEqual(what.map((each) => `${each} ${problem}: no commit needs it, so it can be removed`));
    expect(await check(true)).toEqual([
      ...what.map((each) => ({ kind: "fix", text: `removed ${each}, which ${problem} and needed by no commit` })),
      { kind: "fix", text: `removed ${fileOf(objectOf(kept, "/large"))}.part, which was never finished` },
    ]);
    expect(await check(true)).toEqual([]);
    expect((await readFile(fileOf(objectOf(kept, "/large")))).equals(LARGE)).toBe(true);
    expect(await readdir(join(fileOf(objectOf(kept, "/large")), ".."))).toEqual([objectOf(kept, "/large")]);
  });

  test("ends when nobody wants to know any more, and lets the next one begin", async () => {
    await put({ "/a": "1" });
    const signal = AbortSignal.abort(new Error("gone"));
    await expect(Array.fromAsync(checkStore(state, { signal }))).rejects.toThrow("gone");
    expect(await check()).toEqual([]);
  });

  test("waits for a clean-up that is under way", async () => {
    const dropped = await put({ "/other": "2" });
    state.write((tx) => removeCommitSet(tx, "drop", dropped.set_id));
    const cleaning = collectGarbage(state, { sliceMs: 0 });
    await cleaning.next();
    const order: string[] = [];
    const checked = check().then(() => order.push("checked"));
    for await (const _ of cleaning);
    order.push("cleaned");
    await checked;
    expect(order).toEqual(["cleaned", "checked"]);
  });
});

describe("a check of the tables", () => {
  test.each([
    ["a commit that is older than its parent", "UPDATE commits SET parent = id", "%1 is older than its parent"],
    [
      "a finished commit with an open parent",
      "UPDATE commits SET finished = NULL WHERE parent IS NULL",
      "%2 is finished, but its parent is not",
    ],
    [
      "a commit that is finished and open",
      "UPDATE commits SET finishing = NULL WHERE parent IS NOT NULL",
      "%2 is finished, but still open",
    ],
    [
      "a commit that comes from a newer one",
      "INSERT INTO commit_provenance SELECT min(id), max(id) FROM commits",
      "%1 is older than a commit that it comes from",
    ],
    [
      "a parent that is gone",
      "DELETE FROM commits WHERE parent IS NULL",
      /^row \d+ of commits refers to something in commits that is not there$/,
    ],
    [
      "a head that is gone",
      "UPDATE branches SET head = 999",
      /^row \d+ of branches refers to something in commits that is not there$/,
    ],
    [
      "a head in another repo",
      "UPDATE branches SET repo = (SELECT id FROM repos WHERE name = 'other') WHERE name = 'master'",
      "the head of branch default/other@master is in another repo",
    ],
    [
      "a branch that comes from itself",
      "INSERT INTO branch_provenance (branch, upstream) SELECT id, id FROM branches",
      "branch default/data@master comes from itself",
    ],
  ])("finds %s", async (_what, sql, expected) => {
    state.write((tx) => createRepo(tx, { ...DATA, name: "other" }, ""));
    const [one, two] = [await put({ "/a": "1" }), await put({ "/b": "2" })];
    const texts = [one, two].map((commit) => commitText(state.db, commit));
    damageTables(sql);
    const text =
      typeof expected === "string" ? expected.replace(/%([12])/, (_all, number) => texts[Number(number) - 1] ?? "") : expected;
    expect(await errors()).toContainEqual(typeof text === "string" ? text : expect.stringMatching(text));
  });

  test("finds a job whose state is not its end's, and a pipeline without its version", async () => {
    damageTables(`INSERT INTO pipelines (id, project, name, version, output_branch, created) VALUES (1, (SELECT project FROM repos), 'p', 3, 'master', 0);
      INSERT INTO jobs (pipeline, version, set_id, branch, state, created, finished) VALUES (1, 3, 'j1', 'master', 'JOB_RUNNING', 0, 5), (1, 3, 'j2', 'master', 'JOB_SUCCESS', 0, NULL)`);
    const found = await errors();
    expect(found).toContain("job default/p@j1 has ended, but its state is JOB_RUNNING");
    expect(found).toContain("job default/p@j2 has not ended, but its state is JOB_SUCCESS");
    expect(found).toContain("pipeline default/p has no version 3");
  });
});
