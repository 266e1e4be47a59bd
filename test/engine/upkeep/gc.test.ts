import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { changeFiles } from "../../../src/engine/pfs/change-files.ts";
import type { CommitRow } from "../../../src/engine/pfs/commits.ts";
import { deleteRepo } from "../../../src/engine/pfs/delete-repos.ts";
import { type FileOperation, planEdits } from "../../../src/engine/files/edits.ts";
import { Fault } from "../../../src/engine/fault.ts";
import { type Finding, checkStore } from "../../../src/engine/upkeep/fsck.ts";
import { type Garbage, collectGarbage } from "../../../src/engine/upkeep/gc.ts";
import { removeCommitSet } from "../../../src/engine/pfs/remove-commits.ts";
import { createRepo } from "../../../src/engine/pfs/repos.ts";
import { EngineState } from "../../../src/engine/state.ts";
import { runs } from "../../helpers/scale.ts";

let home: string;
let state: EngineState;

async function open(): Promise<void> {
  home = await mkdtemp(join(tmpdir(), "stemma-gc-"));
  state = await EngineState.open(home);
  for (const name of ["a", "b"]) state.write((tx) => createRepo(tx, repo(name), ""));
}

async function close(): Promise<void> {
  state.close();
  await rm(home, { recursive: true });
}

const repo = (name: string) => ({ project: "default", name, type: "user" });

/** Few different contents, of which half are large: so equal ones meet again and again. */
const CONTENTS = [1, 2, 3, 4, 70_001, 70_002, 70_003].map((bytes) => Buffer.alloc(bytes, `${bytes};`));
const contentOf = (index: number): Buffer => CONTENTS[index] ?? Buffer.alloc(0);

/** A put that is made step by step, as a client's stream is. */
class Put {
  readonly files = new Map<string, number>();
  readonly #repo: string;
  readonly #hold = state.content.hold();
  readonly #operations: FileOperation[] = [];

  constructor(repoName: string) {
    this.#repo = repoName;
  }

  async add(path: string, index: number): Promise<void> {
    await this.addBytes(path, contentOf(index));
    this.files.set(path, index);
  }

  async addBytes(path: string, bytes: Buffer): Promise<void> {
    const content = await state.content.write(inPieces(bytes), this.#hold);
    this.#operations.push({ kind: "delete", path, tag: "default" }, { kind: "append", path, tag: "default", content });
  }

  copy({ row, files }: Kept, to: string): void {
    this.#hold.keep(row.root);
    const source = state.files(row.root);
    this.#operations.push({ kind: "copy", path: to, tag: "default", append: false, source, from: "/" });
    for (const [path, index] of files) this.files.set(`${to}${path}`, index);
  }

  async finish(): Promise<CommitRow> {
    using hold = this.#hold;
    const key = { repo: repo(this.#repo), branch: "master", id: "" };
    return await changeFiles(state, key, hold, (root) => planEdits(state, root, this.#operations, hold));
  }

  giveUp(): void {
    this.#hold[Symbol.dispose]();
  }
}

/** A commit, and what must be in it. */
interface Kept {
  readonly repo: string;
  readonly row: CommitRow;
  readonly files: ReadonlyMap<string, number>;
}

async function* inPieces(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}

async function put(repoName: string, files: Readonly<Record<string, number>>): Promise<Kept> {
  const step = new Put(repoName);
  for (const [path, index] of Object.entries(files)) await step.add(path, index);
  return { repo: repoName, row: await step.finish(), files: step.files };
}

async function expectFiles(root: string, files: ReadonlyMap<string, number>): Promise<void> {
  const found = new Map<string, Buffer>();
  for (const file of state.files(root).files())
    found.set(file.path, Buffer.concat(await Array.fromAsync(state.content.read(file.content))));
  expect([...found.keys()].toSorted()).toEqual([...files.keys()].toSorted());
  for (const [path, index] of files) expect([path, found.get(path)?.equals(contentOf(index))]).toEqual([path, true]);
}

async function collect(options: { dryRun?: boolean } = {}): Promise<Garbage | undefined> {
  return (await Array.fromAsync(collectGarbage(state, options))).at(-1);
}

function count(table: string): number {
  return state.db.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)?.n ?? -1;
}

async function databaseBytes(): Promise<number> {
  return (await stat(join(home, "engine.db"))).size + (await stat(join(home, "engine.db-wal"))).size;
}

async function stored(): Promise<{ rows: number; files: number; nodes: number }> {
  const files = await readdir(join(home, "objects"), { recursive: true, withFileTypes: true });
  return { rows: count("objects"), nodes: count("nodes"), files: files.filter((file) => file.isFile()).length };
}

describe("clean-up", () => {
  beforeEach(open);
  afterEach(close);

  test("removes what deleted repos and puts that broke off have left, counts it, and nothing else", async () => {
    const kept = await put("a", { "/small": 0, "/large": 4 });
    await put("b", { "/small": 0, "/other": 1, "/large": 4, "/larger": 5 });
    const broken = new Put("a");
    await broken.add("/x", 6);
    broken.giveUp();
    state.write((tx) => deleteRepo(tx, repo("b"), false));
    await writeFile(join(home, "objects", "0".repeat(64)), "not ours: it is in no folder of ours");

    const before = await stored();
    const dry = await collect({ dryRun: true });
    expect(dry).toMatchObject({ objects: 3, nodes: 1, unfinished: 0 });
    expect(await stored()).toEqual(before);
    expect(await collect()).toEqual(dry);
    expect(await stored()).toEqual({ rows: 1, files: 2, nodes: 1 });
    expect(await collect()).toMatchObject({ objects: 0, nodes: 0, bytes: 0 });
    await expectFiles(kept.row.root, kept.files);
  });

  test("leaves a dropped commit to those who are reading it", async () => {
    const dropped = await put("a", { "/small": 0, "/large": 4 });
    using hold = state.content.hold(dropped.row.root);
    state.write((tx) => removeCommitSet(tx, "drop", dropped.row.set_id));
    expect(await collect()).toMatchObject({ objects: 0, nodes: 0 });
    await expectFiles(dropped.row.root, dropped.files);
    hold[Symbol.dispose]();
    expect(await collect()).toMatchObject({ objects: 2, nodes: 1 });
  });

  test("is not deceived by a file that holds the text of a tree node", async () => {
    const first = await put("a", { "/x": 0 });
    const node = state.db.get<{ node: string }>("SELECT node FROM nodes WHERE id = ?", first.row.root)?.node ?? "";
    state.write((tx) => removeCommitSet(tx, "drop", first.row.set_id));
    const twin = new Put("b");
    await twin.addBytes("/a", Buffer.from(node));
    await twin.finish();
    const again = await put("a", { "/x": 0 });
    expect(again.row.root).toBe(first.row.root);
    await collect();
    await expectFiles(again.row.root, again.files);
    expect(await Array.fromAsync(checkStore(state, { fix: false }))).toEqual([]);
  });

  test("removes nothing where a tree is damaged, as what is below would seem to be garbage", async () => {
    const kept = await put("a", { "/small": 0, "/large": 4 });
    state.db.run("UPDATE nodes SET node = replace(node, 'small', 'smell') WHERE id = ?", kept.row.root);
    const before = await stored();
    await expect(collect()).rejects.toMatchObject({
      code: "INTEGRITY",
      message: `tree node ${kept.row.root} is damaged: its content has another digest`,
    });
    expect(await stored()).toEqual(before);
  });

  test("gives the space of small objects back to the disk", async () => {
    const big = new Put("a");
    for (let number = 0; number < 200; number += 1) await big.addBytes(`/${number}`, Buffer.alloc(60_000, `${number};`));
    await big.finish();
    const before = await databaseBytes();
    state.write((tx) => deleteRepo(tx, repo("a"), false));
    expect(await collect()).toMatchObject({ objects: 200, bytes: expect.toSatisfy((bytes: number) => bytes > 200 * 60_000) });
    expect(before - (await databaseBytes())).toBeGreaterThan(200 * 60_000);
  });

  test("takes turns with another one", async () => {
    await put("a", { "/small": 0 });
    state.write((tx) => deleteRepo(tx, repo("a"), false));
    const [one, other] = await Promise.all([collect(), collect()]);
    expect([one?.objects, other?.objects]).toEqual([1, 0]);
  });

  test("lets others go on: no step of it takes long in a repo of many files", async () => {
    const many = new Put("a");
    for (let number = 0; number < 2000; number += 1) await many.addBytes(`/${number}`, Buffer.from(`${number % 500}`));
    await many.finish();
    state.write((tx) => deleteRepo(tx, repo("b"), false));
    let steps = 0;
    for await (const _ of collectGarbage(state, { sliceMs: 0 })) steps += 1;
    expect(steps).toBeGreaterThan(2000);
  });
});

type Step =
  | { readonly do: "open" | "finish" | "give up"; readonly slot: number; readonly repo: string }
  | { readonly do: "add"; readonly slot: number; readonly path: string; readonly content: number }
  | { readonly do: "copy" | "hold"; readonly slot: number; readonly commit: number }
  | { readonly do: "squash" | "drop"; readonly commit: number }
  | { readonly do: "clean up"; readonly steps: number };

const anySlot = fc.nat(2);
const anyRepo = fc.constantFrom("a", "b");
const anyCommit = fc.nat(20);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("open", "finish", "give up"), slot: anySlot, repo: anyRepo }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("add"),
      slot: anySlot,
      path: fc.constantFrom("/x", "/y", "/z/1", "/z/2"),
      content: fc.nat(CONTENTS.length - 1),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("copy", "hold"), slot: anySlot, commit: anyCommit }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("squash", "drop"), commit: anyCommit }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("clean up"), steps: fc.integer({ min: 1, max: 12 }) }) },
);

/** Clients at work, step by step, and a clean-up among them. */
class World {
  readonly #puts = new Map<number, { readonly repo: string; readonly put: Put }>();
  readonly #readers = new Map<number, Disposable & Kept>();
  #commits: Kept[] = [];
  #cleaning: AsyncGenerator<Garbage> | undefined;
  #removed = 0;

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case "open":
        if (!this.#puts.has(step.slot)) this.#puts.set(step.slot, { repo: step.repo, put: new Put(step.repo) });
        break;
      case "add":
        await this.#puts.get(step.slot)?.put.add(step.path, step.content);
        break;
      case "finish":
        await this.#finish(step.slot);
        break;
      case "give up":
        this.#puts.get(step.slot)?.put.giveUp();
        this.#puts.delete(step.slot);
        break;
      case "copy": {
        const source = this.#commit(step.commit);
        if (source !== undefined && source.files.size < 20) this.#puts.get(step.slot)?.put.copy(source, `/copy${step.commit}`);
        break;
      }
      case "hold":
        await this.#readOn(step.slot, this.#commit(step.commit));
        break;
      case "squash":
      case "drop":
        this.#remove(step.do, this.#commit(step.commit));
        break;
      case "clean up":
        for (let left = step.steps; left > 0; left -= 1) await this.#cleanUp();
        break;
    }
  }

  /** All operations end, and what they have left is removed. Answers what a check and yet another clean-up find. */
  async end(): Promise<{ garbage: Garbage | undefined; findings: Finding[] }> {
    for (const slot of this.#readers.keys()) await this.#readOn(slot, undefined);
    for (const { put } of this.#puts.values()) put.giveUp();
    do await this.#cleanUp();
    while (this.#cleaning !== undefined);
    await collect();
    for (const { row, files } of this.#commits) await expectFiles(row.root, files);
    return { garbage: await collect(), findings: await Array.fromAsync(checkStore(state, { fix: false })) };
  }

  #commit(index: number): Kept | undefined {
    return this.#commits[index % Math.max(1, this.#commits.length)];
  }

  async #finish(slot: number): Promise<void> {
    const open = this.#puts.get(slot);
    if (open === undefined) return;
    this.#puts.delete(slot);
    const head = state.db.get<{ head: number }>(
      "SELECT b.head FROM branches b JOIN repos r ON r.id = b.repo WHERE r.name = ? AND b.name = 'master'",
      open.repo,
    );
    const before = this.#commits.find(({ row }) => row.id === head?.head)?.files ?? new Map<string, number>();
    const row = await open.put.finish();
    this.#commits.push({ repo: open.repo, row, files: new Map([...before, ...open.put.files]) });
  }

  /** The first time begins to read a commit; the second time reads it, whatever has become of it, and ends. */
  async #readOn(slot: number, commit: Kept | undefined): Promise<void> {
    const reader = this.#readers.get(slot);
    if (reader === undefined) {
      if (commit !== undefined) this.#readers.set(slot, Object.assign(state.content.hold(commit.row.root), commit));
      return;
    }
    this.#readers.delete(slot);
    await expectFiles(reader.row.root, reader.files);
    reader[Symbol.dispose]();
  }

  #remove(removal: "squash" | "drop", commit: Kept | undefined): void {
    if (commit === undefined) return;
    try {
      state.write((tx) => removeCommitSet(tx, removal, commit.row.set_id));
      this.#commits = this.#commits.filter((each) => each !== commit);
    } catch (error) {
      // Whether it may be removed is not what this is about.
      if (!(error instanceof Fault)) throw error;
    }
  }

  async #cleanUp(): Promise<void> {
    this.#cleaning ??= collectGarbage(state, { sliceMs: 0 });
    const { done, value } = await this.#cleaning.next();
    if (done === true) this.#cleaning = undefined;
    const removed = done === true ? 0 : value.objects + value.nodes;
    if (removed > this.#removed) for (const { row, files } of this.#commits) await expectFiles(row.root, files);
    this.#removed = removed;
  }
}

test("whatever clients do while clean-up is under way, all that commits and readers need is there", async () => {
  const property = fc
    .asyncProperty(fc.array(anyStep, { maxLength: 60, size: "max" }), async (steps) => {
      const world = new World();
      for (const step of steps) await world.take(step);
      const { garbage, findings } = await world.end();
      expect(garbage).toMatchObject({ objects: 0, nodes: 0, unfinished: 0, bytes: 0 });
      expect(findings).toEqual([]);
    })
    .beforeEach(open)
    .afterEach(close);
  await fc.assert(property, runs(40));
});
