import { hash } from "node:crypto";
import { StemmaError } from "../../lineage/errors.ts";

/** Where the nodes of trees live; a node's id is the SHA-256 of its text, in hexadecimal. */
export interface NodeStore {
  /** A node that was put, checked by `decodeNode` when its text was read, or throws. */
  read(id: string): TreeNode;
  /** The text is the node's. */
  put(id: string, text: string, node: TreeNode): void;
}

/** One member of a tree. */
export interface Entry {
  readonly key: string;
  readonly value: string;
  /** What the entry adds to `measure`. */
  readonly bytes: number;
}

/** What a node knows of a child, so that most questions need not read it. */
export interface ChildReference {
  readonly lastKey: string;
  readonly id: string;
  /** How many entries lie below, and the sum of their bytes. */
  readonly count: number;
  readonly bytes: number;
}

/** A run of entries (level 0), or of references to nodes one level below. */
export type TreeNode =
  | { readonly level: 0; readonly entries: readonly Entry[] }
  | { readonly level: number; readonly children: readonly ChildReference[] };

/** How many entries, and the sum of their bytes. */
export interface Measure {
  readonly count: number;
  readonly bytes: number;
}

/** A node has 2^5 = 32 members on average. */
const FANOUT_BITS = 5;
const EMPTY_TEXT = "0";

/** The root of the tree without entries, which no store needs to hold. */
export const EMPTY_ROOT = hash("sha256", EMPTY_TEXT);
const EMPTY_NODE: TreeNode = { level: 0, entries: [] };

/**
 * How many levels a key closes: 0 for 31 keys in 32, 1 or more for one in 32, 2 or more for one in 1024.
 * A node at level n ends after a key whose level is above n. As this depends on the key alone, so does the tree's shape.
 */
export function keyLevel(key: string): number {
  const leadingBits = Number.parseInt(hash("sha256", key).slice(0, 8), 16);
  return Math.floor(Math.clz32(leadingBits) / FANOUT_BITS);
}

/** The node as text that a person can read, one field a line, and its id. */
export function encodeNode(node: TreeNode): { readonly id: string; readonly text: string } {
  const members =
    "entries" in node
      ? node.entries.map(({ key, value, bytes }) => [key, value, bytes])
      : node.children.map(({ lastKey, id, count, bytes }) => [lastKey, id, count, bytes]);
  const fields = [node.level, ...members.flat()];
  if (fields.some((field) => typeof field === "string" && field.includes("\n")))
    throw new Error("a key or value of a tree has a line break");
  const text = fields.join("\n");
  return { id: hash("sha256", text), text };
}

export function readNode(store: NodeStore, id: string): TreeNode {
  return id === EMPTY_ROOT ? EMPTY_NODE : store.read(id);
}

/** Understands a node's text, or throws INTEGRITY when it is not the text that has this id. */
export function decodeNode(id: string, text: string): TreeNode {
  if (hash("sha256", text) !== id) {
    throw new StemmaError("INTEGRITY", `tree node ${id} is damaged: its content has another digest`);
  }
  // JSON would take four times as long to parse.
  const fields = text.split("\n");
  const field = (at: number): string => fields[at] ?? "";
  const level = Number(field(0));
  if (level === 0) {
    const entries: Entry[] = [];
    for (let at = 1; at < fields.length; at += 3)
      entries.push({ key: field(at), value: field(at + 1), bytes: Number(field(at + 2)) });
    return { level: 0, entries };
  }
  const children: ChildReference[] = [];
  for (let at = 1; at < fields.length; at += 4)
    children.push({ lastKey: field(at), id: field(at + 1), count: Number(field(at + 2)), bytes: Number(field(at + 3)) });
  return { level, children };
}

/** Adds up what a node's members hold. */
export function measureMembers(members: readonly (Entry | ChildReference)[]): Measure {
  let count = 0;
  let bytes = 0;
  for (const member of members) {
    count += "count" in member ? member.count : 1;
    bytes += member.bytes;
  }
  return { count, bytes };
}
