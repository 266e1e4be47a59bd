import { statSync } from "node:fs";
import { readFile, readdir, rm, unlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { StemmaError } from "../../../src/lineage/errors.ts";
import { type Item, filesOf } from "../../../src/tracker/delivery/items.ts";
import { outboxName, writeOutbox } from "../../../src/tracker/delivery/outbox.ts";
import { type Outbox, readOutbox } from "../../../src/tracker/delivery/read-outbox.ts";
import { runs } from "../../helpers/scale.ts";
import { listOf } from "../../mlflow/fixtures.ts";
import { makeFolder } from "../harness.ts";
import { sampleCard, sampleHeader, sampleItems, storeFile } from "./sample-outbox.ts";

const NO_LIMIT = 1024 ** 3;

async function write(
  items: readonly Item[],
  { limitBytes = NO_LIMIT, folder = "", header = sampleHeader() } = {},
): Promise<string> {
  return writeOutbox(folder || (await makeFolder()), { header, items, card: sampleCard(header), limitBytes });
}

/** The same items with their bytes in the place of those. */
function withBytes(items: readonly Item[]): Promise<unknown[]> {
  return Promise.all(
    items.map(async (item) => {
      const bytes = await Promise.all(filesOf(item).map(({ at }) => readFile(at, "utf8")));
      return [JSON.parse(JSON.stringify(item, (key, value: unknown) => (key === "at" ? undefined : value))), bytes];
    }),
  );
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

describe("an outbox", () => {
  test("is read as it was written, with all bytes, also when the files are gone by then", async () => {
    const items = await sampleItems();
    const before = await withBytes(items);
    const header = sampleHeader();
    const folder = await write(items, { header });
    for (const { at } of items.flatMap(filesOf)) await unlink(at);
    const outbox = await readOutbox(folder);
    expect(outbox.header).toMatchObject({ ...header, items: items.length });
    const read = await listOf(outbox.items());
    expect(await withBytes(read)).toEqual(before);
    expect(read.flatMap(filesOf).every(({ at }) => at.startsWith(folder))).toBe(true);
  });

  test("keeps what readers may take for the end of a line", async () => {
    const items: Item[] = [{ kind: "params", params: { p: "a\nb\rc\u2028d\u2029e\u0085f" } }];
    expect(await listOf((await readOutbox(await write(items))).items())).toEqual(items);
  });

  test("is named for its piece of work, and replaces that one's earlier outbox as a whole", async () => {
    const folder = await makeFolder();
    const header = sampleHeader();
    const first = await write(await sampleItems(), { folder, header });
    const second = await write([{ kind: "tags", tags: { a: "b" } }], { folder, header });
    expect(second).toBe(first);
    expect(basename(first)).toBe(outboxName(header.key));
    expect(await readdir(folder)).toEqual([basename(first)]);
    expect(await listOf((await readOutbox(second)).items())).toEqual([{ kind: "tags", tags: { a: "b" } }]);
  });

  test("keeps each content once, and counts what finds no room or is gone", async () => {
    const large = await storeFile("large", "x".repeat(100));
    const gone = await storeFile("gone", "y");
    await rm(gone.at);
    const changed = await storeFile("changed", "before");
    await writeFile(changed.at, "after it");
    const items: readonly Item[] = [
      { kind: "artifact", file: await storeFile("a", "one") },
      { kind: "artifact", file: large },
      { kind: "artifact", file: gone },
      { kind: "artifact", file: changed },
      { kind: "model", name: "model", digest: "d", files: [await storeFile("MLmodel", "m"), large] },
      { kind: "artifact", file: await storeFile("b", "one") },
      { kind: "params", params: { p: "1" } },
    ];
    const header = sampleHeader({ dropped: { artifact: 2, metrics: 7 } });
    const folder = await write(items, { limitBytes: 50, header });
    const outbox = await readOutbox(folder);
    expect(outbox.header).toMatchObject({ items: 3, dropped: { artifact: 5, metrics: 7, model: 1 } });
    expect((await listOf(outbox.items())).flatMap(filesOf).map(({ path }) => path)).toEqual(["a", "b"]);
    expect(await readdir(join(folder, "files"))).toHaveLength(1);
  });

  test("that cannot be written is a failure, and leaves nothing half done", async () => {
    const file = join(await makeFolder(), "file");
    await writeFile(file, "");
    await expect(write([], { folder: file })).rejects.toMatchObject({ code: "FAILED", message: expect.stringContaining(file) });
  });
});

/** All that an outbox says. */
async function contentOf({ folder, header, items }: Outbox): Promise<unknown> {
  const card: unknown = JSON.parse(await readFile(join(folder, "card.json"), "utf8"));
  return [header, card, await withBytes(await listOf(items()))];
}

describe("an outbox is found damaged", () => {
  test("by any change of any byte in any of its files that changes what it says", async () => {
    const folder = await write(await sampleItems());
    const before = await contentOf(await readOutbox(folder));
    const files = (await filesBelow(folder)).filter((file) => statSync(file).size > 0);
    const change = fc.record({ file: fc.constantFrom(...files), where: fc.nat(), by: fc.integer({ min: 1, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(change, async ({ file, where, by }) => {
        const whole = await readFile(file);
        const offset = where % whole.length;
        await writeFile(
          file,
          whole.map((byte, index) => (index === offset ? (byte + by) % 256 : byte)),
        );
        const outcome = await readOutbox(folder).then(contentOf, (error: StemmaError) => error.code);
        await writeFile(file, whole);
        // A blank in the place of a line break within JSON says the same.
        if (outcome !== "INTEGRITY" && outcome !== "USAGE") expect(outcome).toEqual(before);
      }),
      runs(60),
    );
    expect(await contentOf(await readOutbox(folder))).toEqual(before);
  });

  test.each([
    ["a byte of its card", "card.json", (text: string) => text.replace('"FAILED"', '"FINISH"')],
    ["its last line", "items.jsonl", (text: string) => text.replace(/[^\n]*\n$/, "")],
    ["the order of its lines", "items.jsonl", (text: string) => text.split("\n").toReversed().join("\n").trimStart()],
    ["its number of items", "outbox.json", (text: string) => text.replace(/"items": 8/, '"items": 9')],
  ])("by %s", async (_, name, change) => {
    const folder = await write(await sampleItems());
    const file = join(folder, name);
    const text = await readFile(file, "utf8");
    expect(change(text)).not.toBe(text);
    await writeFile(file, change(text));
    await expect(readOutbox(folder)).rejects.toMatchObject({ code: "INTEGRITY", message: expect.stringContaining(folder) });
  });

  test("when one of its files is missing", async () => {
    const folder = await write(await sampleItems());
    for (const file of await filesBelow(folder)) {
      const content = await readFile(file);
      await rm(file);
      const code = file.endsWith("outbox.json") ? "USAGE" : "INTEGRITY";
      await expect(readOutbox(folder)).rejects.toMatchObject({ code });
      await writeFile(file, content);
    }
    expect((await readOutbox(folder)).header.items).toBe(8);
  });

  test.each([["no folder"], ["an empty folder"], ["another JSON"]])("and %s is none", async (what) => {
    const folder = what === "no folder" ? "/nowhere/at/all" : await makeFolder();
    if (what === "another JSON") await writeFile(join(folder, "outbox.json"), '{"schema":"other"}');
    await expect(readOutbox(folder)).rejects.toMatchObject({ code: "USAGE" });
  });
});
