import type { StoredContent } from "../store/content-store.ts";
import type { Entry } from "../tree/tree.ts";

/** A file or a directory of a tree. A directory's path ends in a slash. */
export interface FileNode {
  readonly path: string;
  readonly type: "FILE" | "DIR";
  readonly bytes: number;
  /** Pachyderm's content hash, hexadecimal. */
  readonly hash: string;
  /** Of a directory another one than the hash, which is blind to names: equal only where the same files hold the same. */
  readonly identity: string;
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

/** The tree's key of one file of one writer: listings come in path order, the writers of one path side by side. */
export function fileKey(path: string, tag: string): string {
  return `${path}${SEPARATOR}${tag}`;
}

/** Whose key it is. */
export function fromKey(key: string): { readonly path: string; readonly tag: string } {
  const end = key.indexOf(SEPARATOR);
  return { path: key.slice(0, end), tag: key.slice(end + SEPARATOR.length) };
}

const HASH_DIGITS = 64;
const BEFORE_HASH = '["'.length;

export function fileEntry(content: StoredContent): { value: string; bytes: number } {
  return { value: JSON.stringify([content.hash, content.chunks.map((chunk) => [chunk.id, chunk.bytes])]), bytes: content.bytes };
}

export function fromEntry(entry: Entry): FileNode & { readonly content: StoredContent } {
  return new StoredFile(entry);
}

/** Understands an entry no further than it is asked: a listing does not look at the chunks, and a walk not at the hash. */
class StoredFile implements FileNode {
  readonly path: string;
  readonly type = "FILE";
  readonly #entry: Entry;

  constructor(entry: Entry) {
    this.path = entry.key.slice(0, entry.key.indexOf(SEPARATOR));
    this.#entry = entry;
  }

  get bytes(): number {
    return this.#entry.bytes;
  }

  get hash(): string {
    return this.#entry.value.slice(BEFORE_HASH, BEFORE_HASH + HASH_DIGITS);
  }

  get identity(): string {
    return this.hash;
  }

  get tag(): string {
    return this.#entry.key.slice(this.path.length + SEPARATOR.length);
  }

  get content(): StoredContent {
    const [hash, chunks] = JSON.parse(this.#entry.value) as [string, [string, number][]];
    return { hash, bytes: this.bytes, chunks: chunks.map(([id, bytes]) => ({ id, bytes })) };
  }
}

/** The keys of all below a directory (its path ends in a slash), whoever wrote it. */
export function below(directory: string): { from: string; before: string } {
  return { from: directory, before: directory.slice(0, -1) + AFTER_SLASH };
}

/** The keys of one path, one for each writer. */
export function writersOf(path: string): { from: string; before: string } {
  return { from: path + SEPARATOR, before: path + AFTER_SEPARATOR };
}

/** What is wrong with a path that several datums wrote. */
export function duplicatePath(path: string, tags: readonly string[]): string {
  return `duplicate path output by different datums (${tags.map((tag) => `${path} from ${tag}`).join(" and ")})`;
}

/** What is wrong with a file that lies below another file. */
export function pathCollision(path: string): string {
  return `file / directory path collision (${path})`;
}
