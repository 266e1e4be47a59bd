import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ContentStore, type StoredContent } from "../../../src/engine/store/content-store.ts";
import type { Hold } from "../../../src/engine/store/hold.ts";
import { type OutputSource, upload } from "../../../src/engine/work/upload.ts";

let folder: string;
let pfs: string;
let database: DatabaseSync;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "stemma-upload-"));
  pfs = join(folder, "pfs");
  await mkdir(join(pfs, "out", "dir"), { recursive: true });
  database = new DatabaseSync(":memory:");
});
afterEach(async () => {
  database.close();
  await rm(folder, { recursive: true });
});

/** Stores content, and does something else before it stores it for the first time. */
class BusyStore extends ContentStore {
  #first: (() => Promise<void>) | undefined;

  constructor(first: () => Promise<void>) {
    super(database, join(folder, "objects"));
    this.#first = first;
  }

  override async write(content: AsyncIterable<Uint8Array>, hold: Hold): Promise<StoredContent> {
    const first = this.#first;
    this.#first = undefined;
    await first?.();
    return super.write(content, hold);
  }
}

function source(): OutputSource {
  return { pfs, storedBelow: () => new Map(), copyOver: () => expect.fail("nothing leads out of /pfs") };
}

async function stored(store: ContentStore): Promise<Record<string, string>> {
  using hold = store.hold();
  const outputs = await upload(store, source(), hold);
  const files: Record<string, string> = {};
  for (const { path, content } of outputs) files[path] = Buffer.concat(await Array.fromAsync(store.read(content))).toString();
  return files;
}

test("the output is stored in the order of its paths, each file as it is when it is read", async () => {
  await writeFile(join(pfs, "out", "a"), "a");
  await writeFile(join(pfs, "out", "b"), "before");
  await writeFile(join(pfs, "out", "dir", "c"), "c");
  const store = new BusyStore(() => writeFile(join(pfs, "out", "b"), "after"));
  expect(Object.entries(await stored(store))).toEqual([
    ["/a", "a"],
    ["/b", "after"],
    ["/dir/c", "c"],
  ]);
});

test.each([
  ["file", () => rm(join(pfs, "out", "b"))],
  ["folder", () => rm(join(pfs, "out", "dir"), { recursive: true })],
])("a %s that vanishes while the output is stored is an error that says so", async (_, vanish) => {
  await writeFile(join(pfs, "out", "a"), "a");
  await writeFile(join(pfs, "out", "b"), "b");
  await writeFile(join(pfs, "out", "dir", "c"), "c");
  await expect(stored(new BusyStore(vanish))).rejects.toThrow(/^output \/(b|dir) has vanished$/);
});

test("a link names what it leads to in the machine's terms too, as without namespaces it does", async () => {
  await writeFile(join(pfs, "input"), "x");
  await symlink(join(pfs, "input"), join(pfs, "out", "link"));
  await symlink("/pfs/input", join(pfs, "out", "other"));
  expect(await stored(new BusyStore(async () => undefined))).toEqual({ "/link": "x", "/other": "x" });
});
