import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contradiction } from "../../../src/engine/files/contradiction.ts";
import { fileKey } from "../../../src/engine/files/file-set.ts";
import { type TreeNode, decodeNode } from "../../../src/engine/tree/node.ts";
import { EMPTY_ROOT, type NodeStore, applyEdits } from "../../../src/engine/tree/tree.ts";
import { runs } from "../../helpers/scale.ts";

class MemoryStore implements NodeStore {
  readonly #nodes = new Map<string, string>();

  read(id: string): TreeNode {
    return decodeNode(id, this.#nodes.get(id) ?? "");
  }

  put(id: string, text: string): void {
    this.#nodes.set(id, text);
  }
}

interface Written {
  readonly path: string;
  readonly tag: string;
}

// Few names, some of which sort between a file and a directory of one name: "/a", "/a-", "/a.b", "/a/…", "/a0".
const path = fc
  .array(fc.constantFrom("a", "a-", "a.b", "a0", "b"), { minLength: 1, maxLength: 3 })
  .map((names) => `/${names.join("/")}`);
const files = fc.uniqueArray(fc.record({ path, tag: fc.constantFrom("default", "d1", "d2") }), {
  maxLength: 12,
  selector: ({ path, tag }) => fileKey(path, tag),
});

function build(store: NodeStore, root: string, written: readonly Written[], deleted: readonly Written[] = []): string {
  const keys = new Map(deleted.map(({ path, tag }) => [fileKey(path, tag), undefined]));
  const edits = new Map([...keys, ...written.map(({ path, tag }) => [fileKey(path, tag), { value: tag, bytes: 1 }] as const)]);
  const sorted = [...edits].sort(([one], [other]) => (one < other ? -1 : 1));
  return applyEdits(
    store,
    root,
    sorted.map(([key, entry]) => ({ key, entry })),
  );
}

/** Looks at every pair of files, of which at least one is new. */
function isContradiction(kept: readonly Written[], added: readonly Written[]): boolean {
  const all = [...kept, ...added];
  return added.some((file) =>
    all.some(
      (other) =>
        other !== file &&
        (other.path === file.path || other.path.startsWith(`${file.path}/`) || file.path.startsWith(`${other.path}/`)),
    ),
  );
}

describe("a contradiction", () => {
  test("is found wherever two files cannot both be, and nowhere else", () => {
    fc.assert(
      fc.property(files, files, fc.array(fc.nat(11)), (before, wanted, dropped) => {
        const store = new MemoryStore();
        const known = new Set(before.map(({ path, tag }) => fileKey(path, tag)));
        const added = wanted.filter(({ path, tag }) => !known.has(fileKey(path, tag)));
        const deleted = before.filter((_, index) => dropped.includes(index));
        const base = build(store, EMPTY_ROOT, before);
        const root = build(store, base, added, deleted);
        const kept = before.filter((file) => !deleted.includes(file));
        expect(contradiction(store, base, root) !== "").toBe(isContradiction(kept, added));
      }),
      runs(500),
    );
  });

  test("names the path in the words of pachd", () => {
    const store = new MemoryStore();
    const base = build(store, EMPTY_ROOT, [{ path: "/s", tag: "default" }]);
    expect(contradiction(store, base, build(store, base, [{ path: "/s/sub", tag: "default" }]))).toBe(
      "file / directory path collision (/s/sub)",
    );
    expect(contradiction(store, base, build(store, base, [{ path: "/s", tag: "d1" }]))).toBe(
      "duplicate path output by different datums (/s from d1 and /s from default)",
    );
  });
});
