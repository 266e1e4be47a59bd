import { StemmaError } from "../errors.ts";

/** A file of a commit, as far as it matters to a comparison. */
export interface FileEntry {
  readonly path: string;
  readonly sizeBytes: number;
  /** The same for the same content. */
  readonly hash: string;
}

/** A file on two sides; undefined on the one where it is not. */
export interface FilePair {
  readonly before: FileEntry | undefined;
  readonly after: FileEntry | undefined;
}

type Entries = AsyncIterable<FileEntry> | Iterable<FileEntry>;

/** Brings two lists of files together by path. Both come by path, byte by byte, as Pachyderm sorts; neither is held. Rejects with INTEGRITY. */
export async function* mergeFiles(before: Entries, after: Entries): AsyncGenerator<FilePair, void, undefined> {
  const [left, right] = [inOrder(before), inOrder(after)];
  let [a, b] = [await left.next(), await right.next()];
  while (a.done !== true || b.done !== true) {
    const order = a.done === true ? 1 : b.done === true ? -1 : comparePaths(a.value.path, b.value.path);
    yield {
      before: order <= 0 && a.done !== true ? a.value : undefined,
      after: order >= 0 && b.done !== true ? b.value : undefined,
    };
    if (order <= 0) a = await left.next();
    if (order >= 0) b = await right.next();
  }
}

/** The order of two texts as UTF-8, in which letters beyond the basic plane come after all others. */
export function comparePaths(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const [x, y] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (x !== y) return asUtf8(x) - asUtf8(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for what lies above everything. */
function asUtf8(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

async function* inOrder(entries: Entries): AsyncGenerator<FileEntry, void, undefined> {
  let last: string | undefined;
  for await (const entry of entries) {
    if (last !== undefined && comparePaths(last, entry.path) > 0)
      throw new StemmaError("INTEGRITY", `files are not listed by path: ${entry.path} comes after ${last}.`);
    last = entry.path;
    yield entry;
  }
}
