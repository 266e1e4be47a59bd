import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { directoryHashes, directoryIdentities } from "../../../src/engine/files/directory-hash.ts";
import { below, fileEntry, fileKey, fromEntry } from "../../../src/engine/files/file-entry.ts";
import { directoryHash, loadHasher, smallFileHash } from "../../../src/engine/store/file-hash.ts";
import { type TreeNode, decodeNode } from "../../../src/engine/tree/node.ts";
import { EMPTY_ROOT, type NodeStore, applyEdits, entries } from "../../../src/engine/tree/tree.ts";
import { runs } from "../../helpers/scale.ts";

class MemoryStore implements NodeStore {
  readonly #nodes = new Map<string, string>();

  read(id: string): TreeNode {
    return decodeNode(id, this.#nodes.get(id) ?? "");
  }

  put(id: string, text: string): void {
    this.#nodes.set(id, text);
  }

  /** Clean-up, when nothing but this tree is needed. */
  removeAllBut(root: string): void {
    const needed = this.#reachable(root);
    for (const id of this.#nodes.keys()) if (!needed.has(id)) this.#nodes.delete(id);
  }

  #reachable(id: string): Set<string> {
    const node = id === EMPTY_ROOT ? undefined : this.read(id);
    const found = new Set([id]);
    if (node !== undefined && "children" in node)
      for (const child of node.children) for (const each of this.#reachable(child.id)) found.add(each);
    return found;
  }
}

const path = fc.array(fc.constantFrom("a", "a-", "b", "c"), { minLength: 1, maxLength: 3 }).map((names) => `/${names.join("/")}`);
const edit = fc.record({ path, tag: fc.constantFrom("default", "d1"), text: fc.option(fc.constantFrom("x", "y", "z")) });
const versions = fc.array(fc.array(edit, { maxLength: 6 }), { minLength: 1, maxLength: 6 });

beforeAll(loadHasher);

function change(store: NodeStore, root: string, edits: readonly { path: string; tag: string; text: string | null }[]): string {
  const byKey = new Map(
    edits.map(({ path, tag, text }) => {
      const content = text === null ? undefined : { chunks: [], bytes: 1, hash: smallFileHash(Buffer.from(text)) };
      return [fileKey(path, tag), content && fileEntry(content)] as const;
    }),
  );
  const sorted = [...byKey].sort(([one], [other]) => (one < other ? -1 : 1));
  return applyEdits(
    store,
    root,
    sorted.map(([key, entry]) => ({ key, entry })),
  );
}

/** From all files, with no memory. */
function plainHash(store: NodeStore, root: string, directory: string): string {
  const hashes: string[] = [];
  let inside = "";
  for (const entry of entries(store, root, below(directory))) {
    const { path, hash } = fromEntry(entry);
    const slash = path.indexOf("/", directory.length);
    const child = path.slice(0, slash + 1);
    if (slash === -1) hashes.push(hash);
    else if (child !== inside) hashes.push(plainHash(store, root, child));
    inside = child;
  }
  return directoryHash(Buffer.from(hashes.join(""), "hex"));
}

describe("the hash of a directory", () => {
  test("is the same from what is remembered of other versions as from all files", () => {
    fc.assert(
      fc.property(versions, (changes) => {
        const store = new MemoryStore();
        let root = EMPTY_ROOT;
        for (const edits of changes) {
          root = change(store, root, edits);
          expect(directoryHashes(store).of(root, "/")).toBe(plainHash(store, root, "/"));
          expect(directoryHashes(store).of(root, "/a/")).toBe(plainHash(store, root, "/a/"));
        }
      }),
      runs(300),
    );
  });

  test("does not need the trees that it remembers", () => {
    fc.assert(
      fc.property(versions, (changes) => {
        const store = new MemoryStore();
        let root = EMPTY_ROOT;
        for (const edits of changes) {
          root = change(store, root, edits);
          store.removeAllBut(root);
          expect(directoryHashes(store).of(root, "/")).toBe(plainHash(store, root, "/"));
        }
      }),
      runs(300),
    );
  });

  test("is blind to names, and its identity is not", () => {
    const store = new MemoryStore();
    const before = change(store, EMPTY_ROOT, [
      { path: "/a/b", tag: "default", text: "x" },
      { path: "/a/c", tag: "default", text: "y" },
    ]);
    const renamed = change(store, before, [
      { path: "/a/c", tag: "default", text: null },
      { path: "/a/d", tag: "default", text: "y" },
    ]);
    const back = change(store, renamed, [
      { path: "/a/c", tag: "default", text: "y" },
      { path: "/a/d", tag: "default", text: null },
    ]);
    const [hashes, identities] = [directoryHashes(store), directoryIdentities(store)].map((of) =>
      [before, renamed, back].map((root) => of.of(root, "/")),
    );
    expect(new Set(hashes).size).toBe(1);
    expect(identities?.[0]).not.toBe(identities?.[1]);
    expect(identities?.[0]).toBe(identities?.[2]);
  });
});
