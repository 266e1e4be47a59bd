import { hash as digest } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { StoredChunk } from "./content-chunk.ts";
import { type Allocate, LargeObjects, type ObjectFile, newBuffer } from "./large-objects.ts";
import { SmallObjects } from "./small-objects.ts";
import { largeFileHash, loadHasher, SMALL_FILE_BYTES, smallFileHash } from "./file-hash.ts";
import { type Hold, Holds } from "./hold.ts";

export type { StoredChunk } from "./content-chunk.ts";

/** Where content is cut, counted from its beginning, so that its chunks depend on nothing else. */
export const CHUNK_BYTES = 4 * 1024 * 1024;
/** Chunks up to this size are kept in SQLite. */
export const SMALL_CHUNK_BYTES = 64 * 1024;
/** While one chunk is brought to the disk, the next one is taken in. */
const PUTS_AT_ONCE = 2;

/** What stands for a file's content: equal content has equal values here. */
export interface StoredContent {
  readonly chunks: readonly StoredChunk[];
  readonly bytes: number;
  /** Pachyderm's content hash, in hexadecimal. */
  readonly hash: string;
}

/**
 * Content by its SHA-256, in chunks: small ones in SQLite, larger ones as files. An object is never changed once it is there.
 * Large chunks are on the disk when `write` resolves; small ones once `flush` has returned and the transaction that it may
 * have run in is committed. Call `flush` before a write is acknowledged: many writes then share one transaction.
 *
 * Clean-up removes what no commit or file set refers to. So whoever writes holds what was written until something does:
 * `using hold = content.hold()` around `content.write(bytes, hold)` and the `state.write` that refers to it. Whoever reads a
 * tree across an `await` holds its root likewise, `content.hold(root)`: its commit may be dropped meanwhile.
 */
export class ContentStore {
  /** What clean-up leaves alone. */
  readonly holds = new Holds();
  readonly #small: SmallObjects;
  readonly #large: LargeObjects;

  constructor(database: DatabaseSync, folder: string) {
    this.#small = new SmallObjects(database, this.holds);
    this.#large = new LargeObjects(folder);
  }

  /** Begins to hold what will be written with it, and all that these trees reach. */
  hold(...roots: readonly string[]): Hold {
    const hold = this.holds.open();
    for (const root of roots) hold.keep(root);
    return hold;
  }

  /** Stores content, whose pieces must not change after they were handed over, and holds it. */
  async write(content: AsyncIterable<Uint8Array>, hold: Hold): Promise<StoredContent> {
    return this.#store([], content, hold);
  }

  /** Stores content of at most SMALL_CHUNK_BYTES at once, and holds it: in memory, until a flush. */
  writeSmall(data: Uint8Array, hold: Hold): StoredContent {
    const chunks = data.length === 0 ? [] : [{ id: digest("sha256", data), bytes: data.length }];
    for (const { id } of chunks) {
      hold.chunks.add(id);
      this.#small.put(id, data);
    }
    return { chunks, bytes: data.length, hash: smallFileHash(data) };
  }

  /** Stores the content of `existing` with more behind it. Reads again only a last chunk that is not full. */
  async append(existing: StoredContent, more: AsyncIterable<Uint8Array>, hold: Hold): Promise<StoredContent> {
    for (const { id } of existing.chunks) hold.chunks.add(id);
    const full = existing.chunks.filter(({ bytes }) => bytes === CHUNK_BYTES);
    const rest = this.read(existing, full.length * CHUNK_BYTES);
    return this.#store(full, concatenate(rest, more), hold);
  }

  /** Stores contents one behind another as one. Reads again only from the first on that does not end where content is cut. */
  async join(parts: readonly StoredContent[], hold: Hold): Promise<StoredContent> {
    const uneven = parts.findIndex(({ bytes }) => bytes % CHUNK_BYTES !== 0);
    const even = uneven === -1 ? parts : parts.slice(0, uneven);
    const [first, ...more] = uneven === -1 ? [] : parts.slice(uneven);
    const full = [...even, ...(first === undefined ? [] : [first])]
      .flatMap(({ chunks }) => chunks)
      .filter(({ bytes }) => bytes === CHUNK_BYTES);
    for (const { id } of full) hold.chunks.add(id);
    const rest = first === undefined ? [] : [this.read(first, first.bytes - (first.bytes % CHUNK_BYTES))];
    return this.#store(full, concatenate(...rest, ...more.map((part) => this.read(part))), hold);
  }

  /**
   * The bytes from `offset` on, at most `length` of them, in pieces of up to 2 MiB. Throws INTEGRITY where an object is missing
   * or cut. Larger pieces are read into the memory that `allocate` gives.
   */
  async *read(
    content: StoredContent,
    offset = 0,
    length = content.bytes,
    allocate: Allocate = newBuffer,
  ): AsyncGenerator<Uint8Array> {
    let start = 0;
    for (const chunk of content.chunks) {
      const from = Math.max(offset - start, 0);
      const to = Math.min(offset + length - start, chunk.bytes);
      if (from < to) yield* this.#readChunk(chunk, from, to, allocate);
      start += chunk.bytes;
    }
  }

  /**
   * Puts the small chunks that wait in memory into the database: in a transaction of its own, or in the one that is open there.
   * What it returns is to be called when that is committed: until then they wait, as it may be rolled back.
   */
  flush(): () => void {
    return this.#small.flush();
  }

  /** How many bytes are stored of a chunk; undefined where it is missing. */
  sizeOf(chunk: StoredChunk): number | undefined {
    return (chunk.bytes <= SMALL_CHUNK_BYTES ? this.#small : this.#large).sizeOf(chunk.id);
  }

  /** The large objects that are there, for clean-up and checks. */
  files(): AsyncGenerator<ObjectFile> {
    return this.#large.files();
  }

  /** Removes a large object, or an unfinished one, that nobody needs. */
  removeFile(file: ObjectFile): void {
    this.#large.remove(file);
  }

  /** Removes a small object that nobody needs. */
  removeRow(id: string): void {
    this.#small.remove(id);
  }

  async #store(stored: readonly StoredChunk[], content: AsyncIterable<Uint8Array>, hold: Hold): Promise<StoredContent> {
    await loadHasher();
    const puts: Promise<StoredChunk>[] = [];
    let bytes = stored.length * CHUNK_BYTES;
    let smallHash = smallFileHash(new Uint8Array());
    try {
      for await (const data of cutChunks(content)) {
        await puts.at(-PUTS_AT_ONCE);
        const put = this.#putChunk(data, hold);
        // Awaited below, perhaps only when the content ends: until then a failure is not unhandled.
        put.catch(() => undefined);
        puts.push(put);
        bytes += data.length;
        if (bytes < SMALL_FILE_BYTES) smallHash = smallFileHash(data);
      }
    } finally {
      await Promise.allSettled(puts);
    }
    const chunks = [...stored, ...(await Promise.all(puts))];
    return { chunks, bytes, hash: bytes < SMALL_FILE_BYTES ? smallHash : largeFileHash(chunks.map(({ id }) => id)) };
  }

  async #putChunk(data: Uint8Array, hold: Hold): Promise<StoredChunk> {
    const id = digest("sha256", data);
    // Held before it is looked for: what is found must not be removed a moment later.
    hold.chunks.add(id);
    if (data.length <= SMALL_CHUNK_BYTES) this.#small.put(id, data);
    else await this.#large.put(id, data);
    return { id, bytes: data.length };
  }

  async *#readChunk(chunk: StoredChunk, from: number, to: number, allocate: Allocate): AsyncGenerator<Uint8Array> {
    if (chunk.bytes <= SMALL_CHUNK_BYTES) yield this.#small.read(chunk).slice(from, to);
    else yield* this.#large.read(chunk, from, to, allocate);
  }
}

/** Cuts at each multiple of CHUNK_BYTES, whatever the pieces that come in. */
async function* cutChunks(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  let missing = CHUNK_BYTES;
  for await (const piece of content) {
    let rest = piece;
    while (rest.length >= missing) {
      yield Buffer.concat([...pieces, rest.subarray(0, missing)]);
      rest = rest.subarray(missing);
      pieces = [];
      missing = CHUNK_BYTES;
    }
    if (rest.length > 0) pieces.push(rest);
    missing -= rest.length;
  }
  if (pieces.length > 0) yield Buffer.concat(pieces);
}

async function* concatenate(...parts: readonly AsyncIterable<Uint8Array>[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield* part;
}
