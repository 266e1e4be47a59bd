import type { StoredChunk } from "../store/content-store.ts";
import type { Database } from "../store/database.ts";
import { DigestSet } from "../store/digest-set.ts";
import { fromEntry } from "../files/file-entry.ts";
import { type ChildReference, EMPTY_ROOT, type Entry, type TreeNode } from "../tree/node.ts";

/** Every place that refers to a tree of files. One that is not here would lose its files to clean-up. */
const FILE_TREES = ["SELECT root FROM commits", "SELECT base AS root FROM commits", "SELECT root FROM file_sets"];
/** And to any other tree. */
const OTHER_TREES = ["SELECT datums AS root FROM jobs WHERE datums IS NOT NULL"];

/** What is done with each node and each chunk, when it is met for the first time. */
export interface Visitor {
  /** The node, to go on below it; undefined to leave that out. A root has no reference. */
  readonly node: (id: string, reference: ChildReference | undefined) => TreeNode | undefined;
  readonly chunk: (chunk: StoredChunk) => void;
}

/**
 * All nodes and chunks that are part of a tree that something refers to. (Nodes and chunks apart: a file may hold the very
 * text of a node, and then shares its id.)
 */
export class Reach {
  readonly #fileTrees: ReadonlySet<string>;
  readonly #otherTrees: ReadonlySet<string>;
  readonly #nodes = new DigestSet();
  readonly #chunks = new DigestSet();

  /** Looks what trees there are at this moment; more trees of files can be given. */
  constructor(db: Database, fileTrees: Iterable<string> = []) {
    this.#fileTrees = new Set([...rootsOf(db, FILE_TREES), ...fileTrees]);
    this.#otherTrees = rootsOf(db, OTHER_TREES);
  }

  /** Goes through the trees, in short steps; nodes that several of them share are visited once. */
  *walk(visitor: Visitor): IterableIterator<void> {
    for (const root of this.#fileTrees) {
      for (const entries of this.#leaves(root, visitor)) {
        yield;
        for (const entry of entries) yield* this.#visitChunks(entry, visitor);
      }
    }
    for (const root of this.#otherTrees) for (const _ of this.#leaves(root, visitor)) yield;
  }

  hasNode(id: string): boolean {
    return this.#nodes.has(id);
  }

  hasChunk(id: string): boolean {
    return this.#chunks.has(id);
  }

  /** The entries of each new leaf; none, to make the steps short, of each new inner node. */
  *#leaves(root: string, visitor: Visitor): IterableIterator<readonly Entry[]> {
    const pending: { readonly id: string; readonly reference: ChildReference | undefined }[] = [
      { id: root, reference: undefined },
    ];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const { id, reference } = next;
      if (id === EMPTY_ROOT || !this.#nodes.add(id)) continue;
      const node = visitor.node(id, reference);
      if (node === undefined) continue;
      if ("children" in node) for (const child of node.children) pending.push({ id: child.id, reference: child });
      yield "entries" in node ? node.entries : [];
    }
  }

  *#visitChunks(entry: Entry, visitor: Visitor): IterableIterator<void> {
    for (const chunk of fromEntry(entry).content.chunks) {
      if (this.#chunks.add(chunk.id)) visitor.chunk(chunk);
      yield;
    }
  }
}

function rootsOf(db: Database, queries: readonly string[]): Set<string> {
  return new Set(queries.flatMap((query) => db.all<{ root: string }>(query)).map(({ root }) => root));
}
