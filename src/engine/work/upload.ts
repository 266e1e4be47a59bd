import { type Stats, createReadStream, lstatSync } from "node:fs";
import { lstat, readFile, readdir, readlink, realpath } from "node:fs/promises";
import { join, posix } from "node:path";
import type { ContentStore, StoredContent } from "../store/content-store.ts";
import { refused, within } from "../fault.ts";
import type { Hold } from "../store/hold.ts";
import { cleanPath } from "../pfs/names.ts";

export interface Output {
  /** In the output commit. */
  readonly path: string;
  readonly content: StoredContent;
}

/** Where the output is, and what helps to follow the links in it. */
export interface OutputSource {
  /** The folder that commands know as /pfs. */
  readonly pfs: string;
  /** The stored files at or below a path in /pfs whose content commands have not got as such: lazy and empty ones. */
  readonly storedBelow: (path: string) => ReadonlyMap<string, StoredContent>;
  /** Puts what a link leads to, as commands see it and may read it, in the link's place. Throws where it cannot. */
  readonly copyOver: (link: string) => Promise<void>;
}

const SMALL_BYTES = 1024 * 1024;
const MOST_LINKS = 40;

/**
 * Stores what lies below /pfs/out. A link stands for what it leads to, also outside of /pfs. Throws what is wrong with a name
 * that PFS refuses, with what is no file, and with a link that leads nowhere; empty folders are left out.
 */
export async function upload(content: ContentStore, source: OutputSource, hold: Hold): Promise<Output[]> {
  const pfs = await realpath(source.pfs);
  const outputs: Output[] = [];
  const out = lstatSync(join(pfs, "out"), { throwIfNoEntry: false });
  if (out === undefined) return [];
  if (!out.isDirectory()) throw refused("/pfs/out is no folder any more");
  for await (const found of filesIn(new Walk(source, pfs), "/pfs/out", "", [])) {
    const stored = "content" in found ? found.content : await store(content, found, hold);
    outputs.push({ path: found.path, content: stored });
  }
  return outputs;
}

type Found = { readonly path: string } & (
  | { readonly content: StoredContent }
  | { readonly file: string; readonly bytes: number }
);

/** Paths as commands see them, below /pfs, and on this machine. */
class Walk {
  readonly source: OutputSource;
  readonly #pfs: string;

  constructor(source: OutputSource, pfs: string) {
    this.source = source;
    this.#pfs = pfs;
  }

  onMachine(path: string): string {
    return this.#pfs + path.slice("/pfs".length);
  }

  /** Where a link leads, as commands see it: without namespaces it may say so in the machine's terms. */
  async target(link: string): Promise<string> {
    const text = await readlink(this.onMachine(link));
    const inPfs = text === this.#pfs || text.startsWith(`${this.#pfs}/`) ? `/pfs${text.slice(this.#pfs.length)}` : text;
    return posix.resolve(posix.dirname(link), inPfs);
  }

  /** Whether a path lies in /pfs, and no folder on the way is a link. */
  async isPlainlyInside(path: string): Promise<boolean> {
    if (!path.startsWith("/pfs/")) return false;
    const folder = posix.dirname(this.onMachine(path));
    return (await realpath(folder).catch(() => "")) === folder;
  }
}

async function* filesIn(walk: Walk, folder: string, prefix: string, above: readonly string[]): AsyncIterableIterator<Found> {
  if (above.includes(folder)) throw refused(`output ${prefix} links to a folder that it is in`);
  for (const name of (await readdir(walk.onMachine(folder))).sort()) {
    const path = within("a file that the command wrote cannot be stored", () => cleanPath(`${prefix}/${name}`));
    yield* filesAt(walk, { path, at: `${folder}/${name}` }, [...above, folder]);
  }
}

interface Entry {
  /** In the output. */
  readonly path: string;
  /** In /pfs. */
  readonly at: string;
}

async function* filesAt(walk: Walk, entry: Entry, above: readonly string[]): AsyncIterableIterator<Found> {
  const { path, at } = entry;
  const info = await inspect(walk, at, `output ${path} has vanished`);
  if (info.isSymbolicLink()) yield* filesBehind(walk, entry, above);
  else if (info.isDirectory()) yield* filesIn(walk, at, path, above);
  else if (info.isFile()) yield { path, file: walk.onMachine(at), bytes: info.size };
  else throw refused(`output ${path} is no file: sockets, pipes and devices cannot be stored`);
}

async function* filesBehind(walk: Walk, { path, at }: Entry, above: readonly string[]): AsyncIterableIterator<Found> {
  let target = at;
  for (let links = 0; ; links += 1) {
    if (links > MOST_LINKS) throw refused(`output ${path} is a link that leads in a circle`);
    target = await walk.target(target);
    if (target === "/" || at.startsWith(`${target}/`)) throw refused(`output ${path} links to a folder that it is in`);
    if (!(await walk.isPlainlyInside(target))) {
      await walk.source.copyOver(at);
      target = at;
      break;
    }
    const info = await inspect(walk, target, `output ${path} links to ${target}, which is not there`);
    if (!info.isSymbolicLink()) break;
  }
  const stored = walk.source.storedBelow(target.slice("/pfs".length));
  for (const [below, content] of stored) yield { path: path + below, content };
  if (stored.size === 0) yield* filesAt(walk, { path, at: target }, above);
}

async function inspect(walk: Walk, at: string, ifMissing: string): Promise<Stats> {
  try {
    return await lstat(walk.onMachine(at));
  } catch (error) {
    throw unlessMissing(error, ifMissing);
  }
}

async function store(
  content: ContentStore,
  { path, file, bytes }: Found & { file: string; bytes: number },
  hold: Hold,
): Promise<StoredContent> {
  try {
    if (bytes > SMALL_BYTES) return await content.write(createReadStream(file, { highWaterMark: SMALL_BYTES }), hold);
    return await content.write(only(await readFile(file)), hold);
  } catch (error) {
    throw unlessMissing(error, `output ${path} has vanished`);
  }
}

async function* only(bytes: Uint8Array): AsyncIterableIterator<Uint8Array> {
  yield bytes;
}

function unlessMissing(error: unknown, ifMissing: string): unknown {
  return (error as NodeJS.ErrnoException).code === "ENOENT" ? refused(ifMissing) : error;
}
