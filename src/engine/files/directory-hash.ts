import { status } from "@grpc/grpc-js";
import { StemmaError } from "../../lineage/errors.ts";
import { Fault } from "../fault.ts";
import { blake2b256, directoryHash } from "../store/file-hash.ts";
import { below, fromEntry, writersOf } from "./file-entry.ts";
import { type NodeStore, diff, entries } from "../tree/tree.ts";

/** A directory of one tree: its direct children in the order of their paths (of directories with a slash behind), and their hashes. */
interface Listing {
  readonly root: string;
  readonly children: readonly string[];
  /** 32 bytes a child, side by side. A path that several datums wrote counts once for each. */
  readonly hashes: Buffer;
  readonly hash: string;
}

const HASH_BYTES = 32;
/** How many versions of one directory are kept, and how many children all that is kept may have together. */
const VERSIONS = 4;
const MOST_CHILDREN = 200_000;
/** With more differences than that, reading the directory anew is as good. */
const MOST_DIFFERENCES = 500;

/** Makes a directory's hash of its direct children and their hashes. */
type Combine = (children: readonly string[], hashes: Buffer) => string;

/**
 * Hashes of directories, each made of those of all direct children. To make one anew from a million children after each commit
 * would be slow, so the last listings are kept, and a new one is made from the difference.
 */
class DirectoryHashes {
  readonly #nodes: NodeStore;
  readonly #combine: Combine;
  readonly #kept = new Map<string, Listing[]>();
  #children = 0;

  constructor(nodes: NodeStore, combine: Combine) {
    this.#nodes = nodes;
    this.#combine = combine;
  }

  /** The hash of a directory, whose path ends in a slash, in the tree with that root; hexadecimal. */
  of(root: string, directory: string): string {
    const known = this.#kept.get(directory) ?? [];
    const same = known.find((listing) => listing.root === root);
    if (same !== undefined) return same.hash;
    let made: Listing | undefined;
    for (const old of known) made ??= this.#tryChange(old, root, directory);
    made ??= this.#read(root, directory);
    this.#keep(directory, made);
    return made.hash;
  }

  #read(root: string, directory: string): Listing {
    const children: string[] = [];
    const hashes: string[] = [];
    const { from, before } = below(directory);
    for (let start: string | undefined = from; start !== undefined;) {
      const next: string = start;
      start = undefined;
      for (const entry of entries(this.#nodes, root, { from: next, before })) {
        const child = childOf(directory, entry.key);
        children.push(child);
        if (child.endsWith("/")) {
          hashes.push(this.of(root, child));
          start = below(child).before;
          break;
        }
        hashes.push(fromEntry(entry).hash);
      }
    }
    return this.#listing(root, children, Buffer.from(hashes.join(""), "hex"));
  }

  /** Clean-up may have removed the old tree. Where it is the new one that cannot be read, reading it anew says so, too. */
  #tryChange(old: Listing, root: string, directory: string): Listing | undefined {
    try {
      return this.#change(old, root, directory);
    } catch (error) {
      if (isUnreadable(error)) return undefined;
      throw error;
    }
  }

  /** The listing of a later, or earlier, tree from that of another one, or undefined when too much differs. */
  #change(old: Listing, root: string, directory: string): Listing | undefined {
    const changed = new Set<string>();
    let differences = 0;
    for (const { key } of diff(this.#nodes, old.root, root, below(directory))) {
      differences += 1;
      if (differences > MOST_DIFFERENCES) return undefined;
      changed.add(childOf(directory, key));
    }
    if (changed.size === 0) return { ...old, root };
    const children: (readonly string[])[] = [];
    const hashes: Buffer[] = [];
    let isSame = true;
    let done = 0;
    for (const child of [...changed].sort()) {
      const index = lowerBound(old.children, child);
      children.push(old.children.slice(done, index));
      hashes.push(old.hashes.subarray(done * HASH_BYTES, index * HASH_BYTES));
      done = index;
      while (old.children[done] === child) done += 1;
      const now = this.#hashesOf(root, child);
      isSame &&= now.length === done - index;
      children.push(now.map(() => child));
      hashes.push(Buffer.from(now.join(""), "hex"));
    }
    children.push(old.children.slice(done));
    hashes.push(old.hashes.subarray(done * HASH_BYTES));
    return this.#listing(root, isSame ? old.children : children.flat(), Buffer.concat(hashes));
  }

  /** Of a child: none where it is not there, several where several datums wrote it. */
  #hashesOf(root: string, child: string): string[] {
    if (!child.endsWith("/")) return [...entries(this.#nodes, root, writersOf(child))].map((entry) => fromEntry(entry).hash);
    return entries(this.#nodes, root, below(child)).next().done === true ? [] : [this.of(root, child)];
  }

  #listing(root: string, children: readonly string[], hashes: Buffer): Listing {
    return { root, children, hashes, hash: this.#combine(children, hashes) };
  }

  #keep(directory: string, made: Listing): void {
    if (this.#children > MOST_CHILDREN) {
      this.#kept.clear();
      this.#children = 0;
    }
    const known = this.#kept.get(directory) ?? [];
    this.#kept.set(directory, [made, ...known].slice(0, VERSIONS));
    this.#children += made.children.length + 1;
  }
}

/** One for each store, so that what it remembers is used again. */
function oncePerStore(combine: Combine): (nodes: NodeStore) => DirectoryHashes {
  const made = new WeakMap<NodeStore, DirectoryHashes>();
  return (nodes) => {
    const hashes = made.get(nodes) ?? new DirectoryHashes(nodes, combine);
    made.set(nodes, hashes);
    return hashes;
  };
}

/** Pachyderm's, which clients see: names play no part in it, so that of a directory in which a file was renamed is the same. */
export const directoryHashes = oncePerStore((_, hashes) => directoryHash(hashes));

/** Equal where the same names hold the same content. */
export const directoryIdentities = oncePerStore((children, hashes) => blake2b256(children.join("\n"), hashes));

/** Whether a node of a tree is missing (DATA_LOSS) or damaged (INTEGRITY). */
function isUnreadable(error: unknown): boolean {
  if (error instanceof Fault) return error.code === status.DATA_LOSS;
  return error instanceof StemmaError && error.code === "INTEGRITY";
}

/** The direct child of a directory that a key of the tree lies in: `/a/x` of `/a/`, or `/a/b/`. */
function childOf(directory: string, key: string): string {
  const slash = key.indexOf("/", directory.length);
  return slash === -1 ? key.slice(0, key.indexOf("\0")) : key.slice(0, slash + 1);
}

/** The index of the first text that is not before this one. */
function lowerBound(sorted: readonly string[], text: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? "") < text) low = middle + 1;
    else high = middle;
  }
  return low;
}
