import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FileEntry } from "../../../src/lineage/diff/merge-files.ts";
import { comparePaths, mergeFiles } from "../../../src/lineage/diff/merge-files.ts";
import { FileTally } from "../../../src/lineage/diff/files.ts";
import { runs } from "../../helpers/scale.ts";

function file(path: string, hash = "1"): FileEntry {
  return { path, sizeBytes: 1, hash };
}

const PLACE = { role: "content", before: undefined, after: undefined } as const;

async function tally(before: readonly FileEntry[], after: readonly FileEntry[], limit = 0) {
  const found = new FileTally(limit);
  for await (const pair of mergeFiles(before, after)) found.take(pair);
  return found.conclude(PLACE, true);
}

const trees = fc.dictionary(fc.string({ unit: "binary", maxLength: 3 }), fc.constantFrom("1", "2", "3")).map((hashes) =>
  Object.entries(hashes)
    .map(([path, hash]) => file(`/${path}`, hash))
    .sort((a, b) => comparePaths(a.path, b.path)),
);

describe("the files of two commits", () => {
  test("are brought together by path", async () => {
    const pairs = await Array.fromAsync(mergeFiles([file("/a"), file("/b")], [file("/b"), file("/c")]));
    expect(pairs.map(({ before, after }) => [before?.path, after?.path])).toEqual([
      ["/a", undefined],
      ["/b", "/b"],
      [undefined, "/c"],
    ]);
  });

  test("are compared by content: changed, added, removed, moved", async () => {
    const { counts, equal, files } = await tally(
      [file("/changed", "1"), file("/equal"), file("/old", "7"), file("/removed", "8")],
      [file("/added", "9"), file("/changed", "2"), file("/equal"), file("/new", "7")],
    );
    expect(counts).toEqual({ changed: 1, added: 1, removed: 1, moved: 1 });
    expect(equal).toBe(1);
    expect(files.map(({ kind, before, after }) => [kind, before?.path, after?.path])).toEqual([
      ["changed", "/changed", "/changed"],
      ["added", undefined, "/added"],
      ["removed", "/removed", undefined],
      ["moved", "/old", "/new"],
    ]);
  });

  test("are all counted, also where few are listed", async () => {
    const { counts, files } = await tally([], [file("/a", "1"), file("/b", "2"), file("/c", "3")], 2);
    expect(counts.added).toBe(3);
    expect(files.map(({ after }) => after?.path)).toEqual(["/a", "/b"]);
  });

  test("that do not come by path are refused", async () => {
    await expect(tally([file("/b"), file("/a")], [])).rejects.toMatchObject({ code: "INTEGRITY" });
  });

  test("are in the order of their bytes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
        const [x, y] = [a.toWellFormed(), b.toWellFormed()];
        expect(Math.sign(comparePaths(x, y))).toBe(Buffer.compare(Buffer.from(x), Buffer.from(y)));
      }),
      runs(200),
    );
  });

  test("are each counted once, whatever they are", async () => {
    await fc.assert(
      fc.asyncProperty(trees, trees, async (before, after) => {
        const { counts, equal = 0, changed } = await tally(before, after);
        expect(counts.removed + counts.moved + counts.changed + equal).toBe(before.length);
        expect(counts.added + counts.moved + counts.changed + equal).toBe(after.length);
        expect(changed).toBe(JSON.stringify(before) !== JSON.stringify(after));
      }),
      runs(100),
    );
  });
});
