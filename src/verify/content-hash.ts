import { createHash } from "node:crypto";
import { blake2b, createBLAKE2b } from "hash-wasm";

/** Below this size pachd and the engine give a file the same hash. */
const SMALL_FILE_BYTES = 1_000_000;
/** Where the engine cuts a larger one. pachd cuts by a rolling hash, which nobody else knows. */
const PIECE_BYTES = 4 * 1024 * 1024;

/** What was read of a file. */
export interface ReadContent {
  readonly sizeBytes: number;
  /** As the engine has it; pachd's is the same for files below a million bytes. */
  readonly hash: string;
}

export function isHashShared(sizeBytes: number): boolean {
  return sizeBytes < SMALL_FILE_BYTES;
}

/** Reads a file's content to its end, in memory of a few megabytes. */
export async function readContent(content: AsyncIterable<Uint8Array>): Promise<ReadContent> {
  const digests: Uint8Array[] = [];
  let sizeBytes = 0;
  let small: Uint8Array | undefined;
  for await (const piece of cut(content)) {
    small = sizeBytes === 0 && isHashShared(piece.length) ? piece : undefined;
    sizeBytes += piece.length;
    digests.push(createHash("sha256").update(piece).digest());
  }
  if (sizeBytes === 0) return { sizeBytes, hash: await blake2b("", 256) };
  // The hash of a hash: a file of one piece is no exception.
  return { sizeBytes, hash: await hashOf(small === undefined ? digests : [Buffer.from(await blake2b(small, 256), "hex")]) };
}

async function hashOf(parts: readonly Uint8Array[]): Promise<string> {
  const hasher = await createBLAKE2b(256);
  hasher.init();
  for (const part of parts) hasher.update(part);
  return hasher.digest();
}

/** The same bytes in pieces of PIECE_BYTES, the last one shorter. */
async function* cut(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of content) {
    let rest = piece;
    while (bytes + rest.length >= PIECE_BYTES) {
      const taken = rest.subarray(0, PIECE_BYTES - bytes);
      yield Buffer.concat([...waiting, taken]);
      rest = rest.subarray(taken.length);
      waiting = [];
      bytes = 0;
    }
    if (rest.length > 0) waiting.push(rest);
    bytes += rest.length;
  }
  if (bytes > 0) yield Buffer.concat(waiting);
}
