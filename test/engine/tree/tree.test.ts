import { hash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type TreeNode, decodeNode, keyLevel } from "../../../src/engine/tree/node.ts";
import { applyEdits, diff, EMPTY_ROOT, entries, findEntry, measure } from "../../../src/engine/tree/tree.ts";
import type { Edit, Entry, NodeStore } from "../../../src/engine/tree/tree.ts";
import { runs } from "../../helpers/scale.ts";

type Content = Edit["entry"];

/** Keeps nodes in memory, and tells which were read and put. */
class CountingStore implements NodeStore {
  readonly nodes = new Map<string, string>();
  reads: string[] = [];
  puts: string[] = [];

  read(id: string): TreeNode {
    this.reads.push(id);
    const node = this.nodes.get(id);
    if (node === undefined) throw new Error(`no node ${id}`);
    return decodeNode(id, node);
  }

  put(id: string, node: string): void {
    this.puts.push(id);
    this.nodes.set(id, node);
  }

  forgetCounts(): void {
    this.reads = [];
    this.puts = [];
  }

  /** The ids of all nodes below a root. */
  reachable(root: string, found = new Set<string>()): Set<string> {
    const text = this.nodes.get(root);
    if (text === undefined || found.has(root)) return found;
    found.add(root);
    const node = decodeNode(root, text);
    if ("children" in node) for (const { id } of node.children) this.reachable(id, found);
    return found;
  }
}

/** Keys of every level in numbers that make trees of many shapes: random ones would hardly ever close an upper level. */
const KEYS = ((): readonly string[] => {
  const keys: string[] = [];
  const wanted = [90, 60, 12, 4];
  for (let number = 0; wanted.some((count) => count > 0); number += 1) {
    const key = `/${String(number % 7)}/${String(number)}`;
    const level = keyLevel(key);
    const left = wanted[level] ?? 0;
    if (left > 0) keys.push(key);
    wanted[level] = left - 1;
  }
  return keys;
})();

const anyKey = fc.constantFrom(...KEYS);
const anyContent: fc.Arbitrary<Content> = fc.option(
  fc.record({ value: fc.constantFrom("a", "b", 'é"\t'), bytes: fc.nat(1000) }),
  { nil: undefined, freq: 4 },
);
const anyBatch = fc.array(fc.tuple(anyKey, anyContent), { maxLength: 60 });
const anyBatches = fc.array(anyBatch, { minLength: 1, maxLength: 6 });

function sortedEdits(batch: Iterable<readonly [string, Content]>): Edit[] {
  return sortedByKey([...new Map(batch)].map(([key, entry]) => ({ key, entry })));
}

function sortedByKey<Keyed extends { readonly key: string }>(items: readonly Keyed[]): Keyed[] {
  return items.toSorted((one, other) => (one.key < other.key ? -1 : 1));
}

function applyToMap(map: Map<string, Entry>, edits: readonly Edit[]): void {
  for (const { key, entry } of edits) {
    if (entry) map.set(key, { key, ...entry });
    else map.delete(key);
  }
}

function build(store: NodeStore, batches: readonly (readonly (readonly [string, Content])[])[], root = EMPTY_ROOT) {
  const map = new Map<string, Entry>();
  let tree = root;
  for (const batch of batches) {
    const edits = sortedEdits(batch);
    tree = applyEdits(store, tree, edits);
    applyToMap(map, edits);
  }
  return { root: tree, sorted: sortedByKey([...map.values()]) };
}

function sum(list: readonly Entry[]) {
  return { count: list.length, bytes: list.reduce((total, { bytes }) => total + bytes, 0) };
}

describe("a tree", () => {
  test("behaves like a sorted map under batches of edits", () => {
    const property = fc.property(anyBatches, anyKey, (batches, key) => {
      const store = new CountingStore();
      const { root, sorted } = build(store, batches);
      expect([...entries(store, root)]).toEqual(sorted);
      expect(findEntry(store, root, key)).toEqual(sorted.find((entry) => entry.key === key));
    });
    fc.assert(property, runs(300));
  });

  test("has the same root for the same content, however it came to be", () => {
    const property = fc.property(anyBatches, fc.infiniteStream(fc.nat()), (batches, random) => {
      const store = new CountingStore();
      const { root, sorted } = build(store, batches);
      const inOneBatch = sorted.map(({ key, value, bytes }) => [key, { value, bytes }] as const);
      expect(build(store, [inOneBatch]).root).toBe(root);
      const shuffled = inOneBatch
        .map((edit) => ({ edit, order: random.next().value }))
        .toSorted((one, other) => one.order - other.order)
        .map(({ edit }) => [edit]);
      expect(build(store, shuffled).root).toBe(root);
    });
    fc.assert(property, runs(100));
  });

  test("is empty again after its entries are deleted", () => {
    const store = new CountingStore();
    const { root, sorted } = build(store, [KEYS.map((key) => [key, { value: key, bytes: 1 }])]);
    expect(
      applyEdits(
        store,
        root,
        sorted.map(({ key }) => ({ key, entry: undefined })),
      ),
    ).toBe(EMPTY_ROOT);
    expect([...entries(new CountingStore(), EMPTY_ROOT)]).toEqual([]);
    expect(findEntry(new CountingStore(), EMPTY_ROOT, "/a")).toBeUndefined();
  });

  test("shrinks to what is left, also where that is one untouched part", () => {
    const store = new CountingStore();
    const { root, sorted } = build(store, [KEYS.map((key) => [key, { value: key, bytes: 1 }])]);
    const property = fc.property(fc.nat(KEYS.length), fc.nat(60), (start, length) => {
      const left = sorted.slice(start, start + length);
      const deletions = sorted.filter((entry) => !left.includes(entry)).map(({ key }) => ({ key, entry: undefined }));
      const rebuilt = left.map(({ key, value, bytes }) => ({ key, entry: { value, bytes } }));
      expect(applyEdits(store, root, deletions)).toBe(applyEdits(new CountingStore(), EMPTY_ROOT, rebuilt));
    });
    fc.assert(property, runs(300));
  });

  test("puts exactly the nodes that the old tree lacks", () => {
    const property = fc.property(anyBatches, anyBatch, (batches, batch) => {
      const store = new CountingStore();
      const { root } = build(store, batches);
      const old = store.reachable(root);
      store.forgetCounts();
      const edited = applyEdits(store, root, sortedEdits(batch));
      const added = [...store.reachable(edited)].filter((id) => !old.has(id));
      expect(store.puts.toSorted()).toEqual(added.toSorted());
    });
    fc.assert(property, runs(300));
  });

  test("names each node by the SHA-256 of a text that a person can read", () => {
    const store = new CountingStore();
    const root = applyEdits(store, EMPTY_ROOT, [{ key: "/a", entry: { value: "red", bytes: 3 } }]);
    expect(store.nodes.get(root)).toBe("0\n/a\nred\n3");
    expect(hash("sha256", "0\n/a\nred\n3")).toBe(root);
  });

  test("refuses edits that are out of order", () => {
    const entry = { value: "", bytes: 0 };
    const edits = ["/b", "/a"].map((key) => ({ key, entry }));
    expect(() => applyEdits(new CountingStore(), EMPTY_ROOT, edits)).toThrow('"/a" follows "/b"');
  });

  test("refuses what would be two lines of a node", () => {
    for (const [key, value] of [
      ["/a\n", ""],
      ["/a", "\n"],
    ] as const) {
      const edit = { key, entry: { value, bytes: 0 } };
      expect(() => applyEdits(new CountingStore(), EMPTY_ROOT, [edit])).toThrow("a key or value of a tree has a line break");
    }
  });

  test("tells a damaged node", () => {
    const store = new CountingStore();
    const root = applyEdits(store, EMPTY_ROOT, [{ key: "/a", entry: { value: "red", bytes: 3 } }]);
    store.nodes.set(root, "0\n/a\nblue\n3");
    expect(() => findEntry(store, root, "/a")).toThrow(expect.objectContaining({ code: "INTEGRITY" }));
  });
});

describe("a range of a tree", () => {
  const anyRange = fc.record({ from: fc.option(anyKey, { nil: undefined }), before: fc.option(anyKey, { nil: undefined }) });

  test("is the sorted map's slice, in both directions", () => {
    const property = fc.property(anyBatches, anyRange, (batches, range) => {
      const store = new CountingStore();
      const { root, sorted } = build(store, batches);
      const slice = sorted.filter(({ key }) => (range.from ?? "") <= key && (range.before === undefined || key < range.before));
      expect([...entries(store, root, range)]).toEqual(slice);
      expect([...entries(store, root, { ...range, reverse: true })]).toEqual(slice.toReversed());
      expect(measure(store, root, range)).toEqual(sum(slice));
    });
    fc.assert(property, runs(300));
  });
});

describe("the difference of two trees", () => {
  test("is what a comparison of all entries finds", () => {
    const property = fc.property(anyBatches, anyBatches, fc.boolean(), (batches, others, areRelated) => {
      const store = new CountingStore();
      const one = build(store, batches);
      const other = build(store, areRelated ? [...batches, ...others] : others);
      const keys = [...new Set([...one.sorted, ...other.sorted].map(({ key }) => key))].toSorted();
      const expected = keys
        .map((key) => ({
          key,
          old: one.sorted.find((entry) => entry.key === key),
          new: other.sorted.find((entry) => entry.key === key),
        }))
        .filter((pair) => JSON.stringify(pair.old) !== JSON.stringify(pair.new));
      expect([...diff(store, one.root, other.root)]).toEqual(expected);
      const [from = "", before = "~"] = [keys[Math.floor(keys.length / 3)], keys[Math.floor((keys.length * 2) / 3)]];
      const inRange = expected.filter(({ key }) => key >= from && key < before);
      expect([...diff(store, one.root, other.root, { from, before })]).toEqual(inRange);
    });
    fc.assert(property, runs(300));
  });

  test("reads nothing when the roots are equal", () => {
    expect([...diff(new CountingStore(), "same", "same")]).toEqual([]);
  });
});

const COUNT = 1_000_000;

function keyOf(number: number): string {
  const text = String(number).padStart(6, "0");
  return `/${text.slice(0, 3)}/${text}`;
}

function keyOfLevel(level: number): string {
  for (let number = COUNT / 2; number < COUNT; number += 1) if (keyLevel(keyOf(number)) >= level) return keyOf(number);
  throw new Error(`no key of level ${level}`);
}

function* million(): IterableIterator<Edit> {
  for (let number = 0; number < COUNT; number += 1) yield { key: keyOf(number), entry: { value: `v${number}`, bytes: 2 } };
}

describe("a tree of 1,000,000 entries", () => {
  const store = new CountingStore();

  const root = applyEdits(store, EMPTY_ROOT, million());
  const content = { value: "changed", bytes: 5 };

  test("is built with one put a node", () => {
    expect(store.puts.length).toBe(store.nodes.size);
    expect(measure(store, root)).toEqual({ count: COUNT, bytes: 2 * COUNT });
  });

  test.each<{ name: string; edit: Edit; count: number }>([
    { name: "changed", edit: { key: keyOf(500_000), entry: content }, count: COUNT },
    { name: "inserted", edit: { key: "/123/new", entry: content }, count: COUNT + 1 },
    { name: "appended", edit: { key: "/new", entry: content }, count: COUNT + 1 },
    { name: "prepended", edit: { key: "/", entry: content }, count: COUNT + 1 },
    { name: "deleted", edit: { key: keyOf(654_321), entry: undefined }, count: COUNT - 1 },
    { name: "deleted where upper levels part", edit: { key: keyOfLevel(3), entry: undefined }, count: COUNT - 1 },
  ])("one entry $name reads and writes fewer than 50 nodes, and so does the diff", ({ edit, count }) => {
    store.forgetCounts();
    const edited = applyEdits(store, root, [edit]);
    expect(store.puts.length).toBeLessThan(50);
    expect(store.reads.length).toBeLessThan(50);
    store.forgetCounts();
    expect([...diff(store, root, edited)].map(({ key }) => key)).toEqual([edit.key]);
    expect(store.reads.length).toBeLessThan(50);
    expect(measure(store, edited).count).toBe(count);
  });

  test("is listed and measured in part without reading the rest", () => {
    store.forgetCounts();
    expect(measure(store, root, { from: "/100/", before: "/200/" })).toEqual({ count: 100_000, bytes: 200_000 });
    expect([...entries(store, root, { from: "/700/", before: "/700/700003" })].map(({ key }) => key)).toEqual([
      "/700/700000",
      "/700/700001",
      "/700/700002",
    ]);
    const last = entries(store, root, { reverse: true }).next().value as Entry;
    expect(last.key).toBe(keyOf(COUNT - 1));
    expect(store.reads.length).toBeLessThan(50);
  });
});
