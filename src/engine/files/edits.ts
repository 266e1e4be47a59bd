import type { ContentStore, StoredContent } from "../store/content-store.ts";
import { invalid } from "../fault.ts";
import { USER_TAG, below, fileEntry, fileKey, fromEntry } from "./file-entry.ts";
import type { FileSet } from "./file-set.ts";
import type { Hold } from "../store/hold.ts";
import { TreeLookup } from "../tree/lookup.ts";
import { type Edit, type NodeStore, entries } from "../tree/tree.ts";

/** One step of a ModifyFile, with its bytes already stored. Paths are clean (pfs/names.ts), a directory's end in a slash. */
export type FileOperation =
  | { readonly kind: "append"; readonly path: string; readonly tag: string; readonly content: StoredContent }
  | { readonly kind: "delete"; readonly path: string; readonly tag: string }
  | { readonly kind: "deleteDirectory"; readonly path: string; readonly tag: string }
  | {
      readonly kind: "copy";
      readonly path: string;
      readonly tag: string;
      readonly append: boolean;
      readonly source: FileSet;
      readonly from: string;
    };

/** What becomes of one file of one writer. */
export interface PlannedEdit extends Edit {
  /** Whether what was there is gone, and the entry not made of it. */
  readonly replaces: boolean;
}

interface StagedFile {
  replaces: boolean;
  /** What is added, in this order. */
  parts: StoredContent[];
}

interface Stores {
  readonly nodes: NodeStore;
  readonly content: ContentStore;
}

/** What operations, in order, do to a tree: see Staging. */
export function planEdits(stores: Stores, root: string, operations: Iterable<FileOperation>, hold: Hold): Promise<PlannedEdit[]> {
  return stage(operations).plan(stores, root, hold);
}

/** Gathers lists of operations, one after another. */
export function stage(...lists: readonly Iterable<FileOperation>[]): Staging {
  const staging = new Staging();
  for (const operations of lists) for (const operation of operations) staging.add(operation);
  return staging;
}

/** Gathers what operations do to each file, without a look at what is there. */
export class Staging {
  readonly #files = new Map<string, StagedFile>();
  readonly #deletedDirectories: { readonly path: string; readonly tag: string }[] = [];

  add(operation: FileOperation): void {
    switch (operation.kind) {
      case "append":
        this.#append(operation.path, operation.tag, operation.content);
        break;
      case "delete":
        this.#delete(operation.path, operation.tag);
        break;
      case "deleteDirectory":
        this.#deleteDirectory(operation.path, operation.tag);
        break;
      case "copy":
        for (const [path, content] of copied(operation)) {
          if (!operation.append) this.#delete(path, operation.tag);
          this.#append(path, operation.tag, content);
        }
        break;
    }
  }

  /**
   * The edits to apply to exactly this root, also those that change nothing, sorted by their keys. Reads it, and the bytes of
   * files that are appended to, but changes nothing.
   */
  async plan(stores: Stores, root: string, hold: Hold): Promise<PlannedEdit[]> {
    const existing = new TreeLookup(stores.nodes, root);
    const edits: PlannedEdit[] = [];
    for (const [key, { replaces, parts }] of this.#files) {
      const before = replaces || parts.length === 0 ? undefined : existing.find(key);
      const all = before === undefined ? parts : [fromEntry(before).content, ...parts];
      const content = all.length > 1 ? await stores.content.join(all, hold) : all[0];
      edits.push({ key, replaces, entry: content === undefined ? undefined : fileEntry(content) });
    }
    for (const key of this.#deletedIn(stores.nodes, root)) edits.push({ key, replaces: true, entry: undefined });
    return edits.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** The files of a tree that are deleted with their directories, but for those that have their own entry here. */
  #deletedIn(nodes: NodeStore, root: string): Set<string> {
    const keys = new Set<string>();
    for (const { path, tag } of this.#deletedDirectories) {
      const behindPath = fileKey("", tag);
      for (const { key } of entries(nodes, root, below(path)))
        if (key.endsWith(behindPath) && !this.#files.has(key)) keys.add(key);
    }
    return keys;
  }

  #append(path: string, tag: string, content: StoredContent): void {
    const key = fileKey(path, tag);
    const staged = this.#files.get(key);
    if (staged !== undefined) staged.parts.push(content);
    else this.#files.set(key, { replaces: this.#isDeleted(path, tag), parts: [content] });
  }

  #delete(path: string, tag: string): void {
    this.#files.set(fileKey(path, tag), { replaces: true, parts: [] });
  }

  #deleteDirectory(path: string, tag: string): void {
    const behindPath = fileKey("", tag);
    for (const [key, file] of this.#files) {
      if (!key.startsWith(path) || !key.endsWith(behindPath)) continue;
      file.replaces = true;
      file.parts = [];
    }
    this.#deletedDirectories.push({ path, tag });
  }

  #isDeleted(path: string, tag: string): boolean {
    return this.#deletedDirectories.some((directory) => directory.tag === tag && path.startsWith(directory.path));
  }
}

/** The files that a copy makes: a file at the new path, or all below a directory. */
function* copied({
  source,
  from,
  path,
}: FileOperation & { kind: "copy" }): IterableIterator<[path: string, content: StoredContent]> {
  const node = source.find(from);
  if (node === undefined) return;
  if (node.content !== undefined) yield [path, node.content];
  else
    for (const file of source.files(node.path))
      yield [`${path === "/" ? "" : path}/${file.path.slice(node.path.length)}`, file.content];
}

/** The tag that a request means: users that give none share one. In a tree it is a part of a line. */
export function tagOf(datum: string | undefined): string {
  if (datum?.includes("\n") === true) throw invalid(`the datum ${JSON.stringify(datum)} has a line break`);
  return datum === undefined || datum === "" ? USER_TAG : datum;
}
