import { readNode } from "./node.ts";
import type { ChildReference, Entry, Measure, NodeStore } from "./node.ts";

/** A part of the key space; an absent bound is open. */
export interface KeyRange {
  /** The first key that belongs to it. */
  readonly from?: string | undefined;
  /** The first key that no longer does. */
  readonly before?: string | undefined;
}

export interface EntriesOptions extends KeyRange {
  readonly reverse?: boolean | undefined;
}

/** The entries of a range in the order of their keys, read node by node as they are asked for. */
export function* entries(store: NodeStore, root: string, options: EntriesOptions = {}): Generator<Entry, void> {
  for (const leaf of leaves(store, root, options)) {
    const isWhole = isInside(leaf, options);
    for (const entry of inOrder(leaf, options)) if (isWhole || isIn(entry.key, options)) yield entry;
  }
}

/** The entry of that key, if there is one. */
export function findEntry(store: NodeStore, root: string, key: string): Entry | undefined {
  const node = readNode(store, root);
  if ("entries" in node) return node.entries.find((entry) => entry.key === key);
  const child = node.children.find(({ lastKey }) => key <= lastKey);
  return child && findEntry(store, child.id, key);
}

/** The first key that is not below `from`. */
export function firstKeyFrom(store: NodeStore, root: string, from: string): string | undefined {
  const node = readNode(store, root);
  if ("entries" in node) return node.entries.find(({ key }) => key >= from)?.key;
  const child = node.children.find(({ lastKey }) => lastKey >= from);
  return child && firstKeyFrom(store, child.id, from);
}

/** Counts the entries of a range and sums up their bytes, along the two edges of the range only. */
export function measure(store: NodeStore, root: string, { from, before }: KeyRange = {}): Measure {
  if (from !== undefined && before !== undefined && from >= before) return { count: 0, bytes: 0 };
  const upper = measureBefore(store, root, before);
  const lower = from === undefined ? { count: 0, bytes: 0 } : measureBefore(store, root, from);
  return { count: upper.count - lower.count, bytes: upper.bytes - lower.bytes };
}

function measureBefore(store: NodeStore, id: string, bound: string | undefined): Measure {
  const node = readNode(store, id);
  let count = 0;
  let bytes = 0;
  for (const member of "entries" in node ? node.entries : node.children) {
    const isEntry = "key" in member;
    if (bound === undefined || (isEntry ? member.key : member.lastKey) < bound) {
      count += isEntry ? 1 : member.count;
      bytes += member.bytes;
      continue;
    }
    if (isEntry) break;
    const rest = measureBefore(store, member.id, bound);
    return { count: count + rest.count, bytes: bytes + rest.bytes };
  }
  return { count, bytes };
}

/** The entries of each leaf that may have some in the range. */
function* leaves(store: NodeStore, id: string, options: EntriesOptions): IterableIterator<readonly Entry[]> {
  const node = readNode(store, id);
  if ("entries" in node) yield node.entries;
  else for (const child of inOrder(childrenIn(node.children, options), options)) yield* leaves(store, child.id, options);
}

/** The children that may hold keys of the range: a child's keys lie above its left neighbour's last key. */
export function childrenIn(children: readonly ChildReference[], { from, before }: KeyRange): readonly ChildReference[] {
  return children.filter(({ lastKey }, index) => {
    const left = children[index - 1];
    return (from === undefined || lastKey >= from) && (before === undefined || left === undefined || left.lastKey < before);
  });
}

function inOrder<Member>(members: readonly Member[], { reverse }: EntriesOptions): readonly Member[] {
  return reverse === true ? members.toReversed() : members;
}

function isInside(leaf: readonly Entry[], range: KeyRange): boolean {
  const [first, last] = [leaf[0], leaf.at(-1)];
  return first !== undefined && last !== undefined && isIn(first.key, range) && isIn(last.key, range);
}

export function isIn(key: string, { from, before }: KeyRange): boolean {
  return (from === undefined || key >= from) && (before === undefined || key < before);
}
