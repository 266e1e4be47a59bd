import { directoryHash } from "./file-hash.ts";
import { compileGlob } from "./glob.ts";
import { type Entry, type NodeStore, entries, measure } from "./tree.ts";
import type { StoredContent } from "./content-store.ts";

/** A file or a directory of a tree. A directory's path ends in a slash. */
export interface FileNode {
  readonly path: string;
  readonly type: "FILE" | "DIR";
  readonly bytes: number;
  /** Pachyderm's content hash, hexadecimal. */
  readonly hash: string;
  /** Who wrote it: a datum's id, or `default` for users. Empty for a directory. */
  readonly tag: string;
  /** Undefined for a directory. */
  readonly content: StoredContent | undefined;
}

export const USER_TAG = "default";
const SEPARATOR = "\0";
const AFTER_SEPARATOR = "\x01";
/** The character after the slash: `/a0` is the first text behind all that begins with `/a/`. */
const AFTER_SLASH = "0";
const CACHED_DIRECTORIES = 100_000;

/** The tree's key of one file of one writer: listings come in path order, the writers of one path side by side. */
export function fileKey(path: string, tag: string): string {
  return `${path}${SEPARATOR}${tag}`;
}

export function fileEntry(content: StoredContent): { value: string; bytes: number } {
  return { value: JSON.stringify([content.hash, content.chunks.map((chunk) => [chunk.id, chunk.bytes])]), bytes: content.bytes };
}

export function fromEntry(entry: Entry): FileNode & { readonly content: StoredContent } {
  const [path = "", tag = ""] = entry.key.split(SEPARATOR);
  const [hash, chunks] = JSON.parse(entry.value) as [string, [string, number][]];
  const content = { hash, bytes: entry.bytes, chunks: chunks.map(([id, bytes]) => ({ id, bytes })) };
  return { path, type: "FILE", bytes: entry.bytes, hash, tag, content };
}

/** The keys of all below a directory (its path ends in a slash), whoever wrote it. */
export function below(directory: string): { from: string; before: string } {
  return { from: directory, before: directory.slice(0, -1) + AFTER_SLASH };
}

/** The keys of one path, one for each writer. */
export function writersOf(path: string): { from: string; before: string } {
  return { from: path + SEPARATOR, before: path + AFTER_SEPARATOR };
}

/** The files under one root, with the directories that they imply. A view: it holds nothing but a cache of directory hashes. */
export class FileSet {
  readonly root: string;
  private readonly nodes: NodeStore;

  constructor(nodes: NodeStore, root: string) {
    this.nodes = nodes;
    this.root = root;
  }

  /** What stands at a path: the file's entries (several if several datums wrote it), or the directory, or nothing. */
  at(path: string): FileNode[] {
    const clean = trimmed(path);
    const files = clean === "/" ? [] : [...entries(this.nodes, this.root, writersOf(clean))].map(fromEntry);
    if (files.length > 0 && !(path.endsWith("/") && path !== "/")) return files;
    const directory = clean === "/" ? "/" : `${clean}/`;
    return directory === "/" || !this.isEmpty(directory) ? [this.directory(directory)] : [];
  }

  /** A directory's immediate children, in path order. */
  *children(directory: string): IterableIterator<FileNode> {
    yield* this.scan(directory, 1, directory);
  }

  /** Everything below a directory, depth first in path order, without the directory itself. */
  *walk(directory: string): IterableIterator<FileNode> {
    yield* this.scan(directory, Number.POSITIVE_INFINITY, directory);
  }

  /** The files and directories that a pattern matches, in path order. Nothing of an empty tree, not even its root. */
  *glob(pattern: string): IterableIterator<FileNode> {
    const glob = compileGlob(pattern);
    if (glob.matches("/") && !this.isEmpty("/")) yield this.directory("/");
    if (glob.isLiteral) {
      if (glob.prefix !== "/") yield* this.at(glob.prefix);
      return;
    }
    for (const node of this.scan("/", depthOf(pattern), glob.prefix)) {
      if (!node.path.startsWith(glob.prefix) && trimmed(node.path) > `${glob.prefix}\uffff`) return;
      if (glob.matches(trimmed(node.path))) yield node;
    }
  }

  /** All files, in path order. */
  *files(directory = "/"): IterableIterator<FileNode & { readonly content: StoredContent }> {
    for (const entry of entries(this.nodes, this.root, below(directory))) yield fromEntry(entry);
  }

  /**
   * Walks the entries below a directory, down to `depth` levels, and adds each directory before what is in it. One that is
   * deeper than asked for is passed over without reading it. `from` leaves out what comes before that path.
   */
  private *scan(directory: string, depth: number, from: string): IterableIterator<FileNode> {
    const end = below(directory).before;
    let start = from;
    let open: string[] = [];
    for (;;) {
      let jump: string | undefined;
      for (const entry of entries(this.nodes, this.root, { from: start, before: end })) {
        const file = fromEntry(entry);
        const directories = directoriesBetween(directory, file.path);
        for (const [level, path] of directories.entries()) {
          if (level < depth && path !== open[level]) yield this.directory(path);
        }
        open = directories;
        const tooDeep = directories[depth - 1];
        if (tooDeep !== undefined) {
          jump = below(tooDeep).before;
          break;
        }
        yield file;
      }
      if (jump === undefined) return;
      start = jump;
    }
  }

  private isEmpty(directory: string): boolean {
    return entries(this.nodes, this.root, below(directory)).next().done === true;
  }

  private directory(path: string): FileNode {
    const { bytes } = measure(this.nodes, this.root, below(path));
    return { path, type: "DIR", bytes, hash: this.directoryHash(path), tag: "", content: undefined };
  }

  /** Computed in one pass for all directories below, and kept: a root never changes. */
  private directoryHash(path: string): string {
    const cached = directoryHashes.get(this.root + path);
    if (cached !== undefined) return cached;
    const stack: { path: string; hashes: string[] }[] = [{ path, hashes: [] }];
    const close = (): string => {
      const closed = stack.pop();
      if (closed === undefined) throw new Error("a directory was closed that was not open");
      const hash = directoryHash(closed.hashes);
      if (directoryHashes.size >= CACHED_DIRECTORIES) directoryHashes.clear();
      directoryHashes.set(this.root + closed.path, hash);
      stack.at(-1)?.hashes.push(hash);
      return hash;
    };
    for (const file of this.files(path)) {
      while (!file.path.startsWith(stack.at(-1)?.path ?? "")) close();
      for (const deeper of directoriesBetween(stack.at(-1)?.path ?? path, file.path)) stack.push({ path: deeper, hashes: [] });
      stack.at(-1)?.hashes.push(file.hash);
    }
    while (stack.length > 1) close();
    return close();
  }
}

const directoryHashes = new Map<string, string>();

/** The directories between a directory and a file in it, outermost first: `/a/` and `/a/b/c.txt` give `/a/b/`. */
function directoriesBetween(directory: string, path: string): string[] {
  const found: string[] = [];
  for (let slash = path.indexOf("/", directory.length); slash !== -1; slash = path.indexOf("/", slash + 1))
    found.push(path.slice(0, slash + 1));
  return found;
}

function trimmed(path: string): string {
  const absolute = path.startsWith("/") ? path : `/${path}`;
  return absolute.length > 1 && absolute.endsWith("/") ? absolute.slice(0, -1) : absolute;
}

/** How many levels a pattern can reach; a `**`, or a slash inside brackets, has no limit. */
function depthOf(pattern: string): number {
  if (pattern.includes("**") || /[{(][^)}]*\//.test(pattern)) return Number.POSITIVE_INFINITY;
  return pattern.replace(/^\//, "").split("/").length;
}
