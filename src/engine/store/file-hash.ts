import { createBLAKE2b } from "hash-wasm";
import type { IHasher } from "hash-wasm";

/** Content below this size has the very hash that pachd gives it. */
export const SMALL_FILE_BYTES = 1_000_000;

let hasher: IHasher | undefined;

/** Makes the functions of this file usable: BLAKE2b-256 is WebAssembly, and is compiled once. */
export async function loadHasher(): Promise<void> {
  hasher ??= await createBLAKE2b(256);
}

/** The BLAKE2b-256 of the parts one after another, in hexadecimal. */
export function blake2b256(...parts: readonly (Uint8Array | string)[]): string {
  if (hasher === undefined) throw new Error("loadHasher() has to be awaited first");
  hasher.init();
  for (const part of parts) hasher.update(part);
  return hasher.digest();
}

/** Pachyderm's hash of a file below SMALL_FILE_BYTES: that of its content's hash. An empty file has no content to hash twice. */
export function smallFileHash(content: Uint8Array): string {
  const hash = blake2b256(content);
  return content.length === 0 ? hash : hashOfHashes([hash]);
}

/**
 * The hash of a larger file: that of the SHA-256 of its chunks, which are cut every CHUNK_BYTES.
 * pachd cuts by content, so its hash of such a file is another one; both depend on nothing but the content.
 */
export function largeFileHash(chunkIds: readonly string[]): string {
  return hashOfHashes(chunkIds);
}

/** Pachyderm's hash of a directory, from the hashes (32 bytes each) of its direct children in the order of their paths. */
export function directoryHash(childHashes: Uint8Array): string {
  return blake2b256(childHashes);
}

/** One file, or directory, that a datum reads. */
export interface DatumInput {
  readonly name: string;
  readonly repo: string;
  readonly branch: string;
  readonly path: string;
}

/** Pachyderm's id of a datum: it says what is read and from where, not what is in it. */
export function datumId(inputs: readonly DatumInput[]): string {
  const texts = inputs.flatMap(({ name, repo, branch, path }) => [name, repo, branch, path]);
  return blake2b256(...texts.flatMap((text) => [text, int64(Buffer.byteLength(text))]));
}

function hashOfHashes(hashes: readonly string[]): string {
  return blake2b256(...hashes.map((hash) => Buffer.from(hash, "hex")));
}

function int64(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}
