import { posix } from "node:path";
import { directoryHashes, directoryIdentities } from "./directory-hash.ts";
import { refused } from "../fault.ts";
import { type FileNode, below, duplicatePath, fromEntry, pathCollision, writersOf } from "./file-entry.ts";
import { compileGlob } from "./glob.ts";
import { type NodeStore, entries, measure } from "../tree/tree.ts";
import type { StoredContent } from "../store/content-store.ts";

export { type FileNode, USER_TAG, below, fileEntry, fileKey, fromEntry, writersOf } from "./file-entry.ts";

/** The paths from `lower` on, before `upper`, compared as texts; an empty bound is open. */
export interface PathRange {
  readonly lower: string;
  readonly upper: string;
}

export const ALL_PATHS: PathRange = { lower: "", upper: "" };
/** Behind all characters that a path may have. */
const LAST_CHARACTER = "\x7f";

/** Which nodes below a directory: those in a range, down to so many levels. */
interface Scan {
  readonly directory: string;
  readonly depth: number;
  readonly from: string;
  /** The first path that no longer belongs to it, or empty. */
  readonly before: string;
}

/**
 * The files under one root, with the directories that they imply, none in an empty tree. Paths may be given in any form that
 * reads the same. All that lists refuses, with what would be the commit's error, a path that several writers wrote and a file
 * below a file: a commit that is still open may have such.
 */
export class FileSet {
  readonly root: string;
  readonly #nodes: NodeStore;

  constructor(nodes: NodeStore, root: string) {
    this.#nodes = nodes;
    this.root = root;
  }

  /** What stands at a path: the file, or the directory. */
  find(path: string): FileNode | undefined {
    const clean = cleanQuery(path);
    const directory = asDirectory(clean);
    const inside = firstOf(this.#entries(below(directory)));
    const [file, other] = clean === "/" ? [] : Array.from(this.#entries(writersOf(clean)), fromEntry);
    if (file !== undefined && other !== undefined) throw refused(duplicatePath(clean, [file.tag, other.tag]));
    if (file !== undefined && inside !== undefined) throw refused(pathCollision(fromEntry(inside).path));
    return file ?? (inside && new Directory(this, directory));
  }

  /** What stands at a path and, if it is a directory, its immediate children instead, in path order. */
  *list(path: string, range = ALL_PATHS): IterableIterator<FileNode> {
    const node = this.find(path);
    if (node?.type === "DIR") yield* this.#scan({ ...bounds(range), directory: node.path, depth: 1 });
    else if (node !== undefined && isIn(node.path, range)) yield node;
  }

  /** What stands at a path and everything below it, depth first in path order. */
  *walk(path: string, range = ALL_PATHS): IterableIterator<FileNode> {
    const node = this.find(path);
    if (node === undefined) return;
    if (isIn(node.path, range)) yield node;
    if (node.type === "DIR") yield* this.#scan({ ...bounds(range), directory: node.path, depth: Number.POSITIVE_INFINITY });
  }

  /** The files and directories that a pattern matches, in path order. */
  *glob(pattern: string, range = ALL_PATHS): IterableIterator<FileNode> {
    const { isLiteral, prefix, depth, matches } = compileGlob(pattern);
    if (isLiteral) {
      const node = this.find(prefix);
      if (node !== undefined && isIn(node.path, range)) yield node;
      return;
    }
    const { from, before } = bounds(range);
    const end = prefix + LAST_CHARACTER;
    const scan = { directory: "/", depth, from: larger(from, prefix), before: before === "" || end < before ? end : before };
    for (const node of this.#scan(scan)) if (matches(withoutSlash(node.path))) yield node;
  }

  /** What a pattern matches, with everything below the directories among that, in path order. */
  *select(pattern: string, range = ALL_PATHS): IterableIterator<FileNode> {
    let walked: string | undefined;
    for (const node of this.glob(pattern, range)) {
      if (walked !== undefined && node.path.startsWith(walked)) continue;
      yield node;
      if (node.type === "FILE") continue;
      walked = node.path;
      yield* this.#scan({ ...bounds(range), directory: node.path, depth: Number.POSITIVE_INFINITY });
    }
  }

  /** All files below a directory (its path ends in a slash), in path order. Refuses nothing. */
  *files(directory = "/"): IterableIterator<FileNode & { readonly content: StoredContent }> {
    for (const entry of this.#entries(below(directory))) yield fromEntry(entry);
  }

  /** The sum of the sizes of all below a directory. */
  bytesOf(directory: string): number {
    return measure(this.#nodes, this.root, below(directory)).bytes;
  }

  hashOf(directory: string): string {
    return directoryHashes(this.#nodes).of(this.root, directory);
  }

  identityOf(directory: string): string {
    return directoryIdentities(this.#nodes).of(this.root, directory);
  }

  /**
   * Each directory comes before what is in it. One that is deeper than asked for is passed over without reading it. The first
   * file behind the end still tells directories before the end, which it lies in.
   */
  *#scan({ directory, depth, from, before }: Scan): IterableIterator<FileNode> {
    const end = below(directory).before;
    const order = new ListingOrder();
    let start: string | undefined = larger(from, directory);
    let open: readonly string[] = [];
    while (start !== undefined) {
      const next: string = start;
      start = undefined;
      for (const entry of this.#entries({ from: next, before: end })) {
        const file = fromEntry(entry);
        const isBehind = before !== "" && file.path >= before;
        if (!isBehind) order.check(file);
        const directories = directoriesOf(directory, file.path, open);
        for (const path of opened(directories, open, depth))
          if (path >= from && (before === "" || path < before)) yield new Directory(this, path);
        open = directories;
        if (isBehind) return;
        const tooDeep = directories[depth - 1];
        if (tooDeep !== undefined) {
          start = below(tooDeep).before;
          break;
        }
        yield file;
      }
    }
  }

  #entries(range: { readonly from: string; readonly before: string }): ReturnType<typeof entries> {
    return entries(this.#nodes, this.root, range);
  }
}

function firstOf<Item>(items: Iterable<Item>): Item | undefined {
  for (const item of items) return item;
  return undefined;
}

/** A directory, whose size and hash are found out when they are asked for: for that, all that is below is read. */
class Directory implements FileNode {
  readonly path: string;
  readonly type = "DIR";
  readonly tag = "";
  readonly content = undefined;
  readonly #files: FileSet;

  constructor(files: FileSet, path: string) {
    this.#files = files;
    this.path = path;
  }

  get bytes(): number {
    return this.#files.bytesOf(this.path);
  }

  get hash(): string {
    return this.#files.hashOf(this.path);
  }

  get identity(): string {
    return this.#files.identityOf(this.path);
  }
}

/** Sees that the files of a listing, in path order, are fit to be listed. */
class ListingOrder {
  /** The files that the next one may lie below: each begins with the one before. */
  readonly #above: FileNode[] = [];

  check(file: FileNode): void {
    let above = this.#above.at(-1);
    while (above !== undefined && !file.path.startsWith(above.path)) {
      this.#above.pop();
      above = this.#above.at(-1);
    }
    for (const { path, tag } of this.#above) {
      if (path === file.path) throw refused(duplicatePath(path, [tag, file.tag]));
      if (file.path[path.length] === "/") throw refused(pathCollision(file.path));
    }
    this.#above.push(file);
  }
}

/** The form of a path or pattern that is looked for: absolute, without a slash at its end, and without `.` and `..`. */
export function cleanQuery(path: string): string {
  return posix.resolve("/", path);
}

/** The directories between a directory and a file in it, outermost first: `/a/` and `/a/b/c.txt` give `/a/b/`. */
function directoriesOf(directory: string, path: string, last: readonly string[]): readonly string[] {
  const innermost = last.at(-1) ?? directory;
  if (path.startsWith(innermost) && !path.includes("/", innermost.length)) return last;
  const found: string[] = [];
  for (let slash = path.indexOf("/", directory.length); slash !== -1; slash = path.indexOf("/", slash + 1))
    found.push(path.slice(0, slash + 1));
  return found;
}

/** Those of the first levels that were not open before. */
function opened(directories: readonly string[], before: readonly string[], depth: number): readonly string[] {
  return directories === before ? [] : directories.slice(0, depth).filter((path, level) => path !== before[level]);
}

function bounds({ lower, upper }: PathRange): { from: string; before: string } {
  return { from: lower, before: upper };
}

function isIn(path: string, { lower, upper }: PathRange): boolean {
  return path >= lower && (upper === "" || path < upper);
}

function larger(one: string, other: string): string {
  return one > other ? one : other;
}

function asDirectory(path: string): string {
  return path === "/" ? "/" : `${path}/`;
}

function withoutSlash(path: string): string {
  return path !== "/" && path.endsWith("/") ? path.slice(0, -1) : path;
}
