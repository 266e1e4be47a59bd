import { hash as digest } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { StoredChunk } from "./content-store-chunk.ts";
import { LargeObjects } from "./content-store-large.ts";
import { SmallObjects } from "./content-store-small.ts";
import { largeFileHash, loadHasher, SMALL_FILE_BYTES, smallFileHash } from "./file-hash.ts";

export type { StoredChunk } from "./content-store-chunk.ts";

/** Where content is cut, counted from its beginning, so that its chunks depend on nothing else. */
export const CHUNK_BYTES = 4 * 1024 * 1024;
const SMALL_CHUNK_BYTES = 64 * 1024;

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
 */
export class ContentStore {
  readonly #small: SmallObjects;
  readonly #large: LargeObjects;

  constructor(database: DatabaseSync, folder: string) {
    this.#small = new SmallObjects(database);
    this.#large = new LargeObjects(folder);
  }

  /** Stores content, whose pieces must not change after they were handed over. */
  async write(content: AsyncIterable<Uint8Array>): Promise<StoredContent> {
    return this.#store([], content);
  }

  /** Stores the content of `existing` with more behind it. Reads again only a last chunk that is not full. */
  async append(existing: StoredContent, more: AsyncIterable<Uint8Array>): Promise<StoredContent> {
    const full = existing.chunks.filter(({ bytes }) => bytes === CHUNK_BYTES);
    const rest = this.read(existing, full.length * CHUNK_BYTES);
    return this.#store(full, concatenate(rest, more));
  }

  /** The bytes from `offset` on, at most `length` of them, in pieces of up to 2 MiB. Throws INTEGRITY where an object is missing or cut. */
  async *read(content: StoredContent, offset = 0, length = content.bytes): AsyncGenerator<Uint8Array> {
    let start = 0;
    for (const chunk of content.chunks) {
      const from = Math.max(offset - start, 0);
      const to = Math.min(offset + length - start, chunk.bytes);
      if (from < to) yield* this.#readChunk(chunk, from, to);
      start += chunk.bytes;
    }
  }

  /** Puts the small chunks that wait in memory into the database: in the transaction that is open there, or in one of its own. */
  flush(): void {
    this.#small.flush();
  }

  async #store(stored: readonly StoredChunk[], content: AsyncIterable<Uint8Array>): Promise<StoredContent> {
    await loadHasher();
    const chunks = [...stored];
    let bytes = stored.length * CHUNK_BYTES;
    let smallHash = smallFileHash(new Uint8Array());
    for await (const data of cutChunks(content)) {
      chunks.push(await this.#putChunk(data));
      bytes += data.length;
      if (bytes < SMALL_FILE_BYTES) smallHash = smallFileHash(data);
    }
    return { chunks, bytes, hash: bytes < SMALL_FILE_BYTES ? smallHash : largeFileHash(chunks.map(({ id }) => id)) };
  }

  async #putChunk(data: Uint8Array): Promise<StoredChunk> {
    const id = digest("sha256", data);
    if (data.length <= SMALL_CHUNK_BYTES) this.#small.put(id, data);
    else await this.#large.put(id, data);
    return { id, bytes: data.length };
  }

  async *#readChunk(chunk: StoredChunk, from: number, to: number): AsyncGenerator<Uint8Array> {
    if (chunk.bytes <= SMALL_CHUNK_BYTES) yield this.#small.read(chunk).slice(from, to);
    else yield* this.#large.read(chunk, from, to);
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
