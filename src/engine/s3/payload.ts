import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { crc32 } from "node:zlib";
import { type IHasher, createCRC32, createCRC64 } from "hash-wasm";
import { type ChunkSigner, unwrapChunks } from "./chunked.ts";
import { S3Error } from "./errors.ts";
import { header } from "./request.ts";

const CASTAGNOLI = 0x82f63b78;
const NVME = "9a6c9329ac4bc9b5";
const SHA256 = "x-amz-content-sha256";

interface Digest {
  update(data: Uint8Array): void;
  /** To be asked once, at the end. */
  value(): Buffer;
}

/** A digest that the request says its payload has. */
interface Check {
  /** Where the request says it: a header, or a trailing one. */
  readonly name: string;
  readonly digest: Digest;
  /** Undefined while it is still to come, in the trailer. */
  readonly expected: Buffer | undefined;
}

/** A body without what it is wrapped in for the way. Throws at its end when it is not as long as said, or has another digest. */
export async function* payload(
  headers: IncomingHttpHeaders,
  source: AsyncIterable<Uint8Array>,
  signer: ChunkSigner | undefined,
): AsyncGenerator<Uint8Array> {
  const checks = await checksOf(headers);
  const trailer = new Map<string, string>();
  const isWrapped = header(headers, SHA256)?.startsWith("STREAMING-") ?? false;
  let bytes = 0;
  for await (const piece of isWrapped ? unwrapChunks(source, trailer, signer) : source) {
    bytes += piece.length;
    for (const { digest } of checks) digest.update(piece);
    yield piece;
  }
  const said = isWrapped ? header(headers, "x-amz-decoded-content-length") : undefined;
  if (said !== undefined && Number(said) !== bytes)
    throw new S3Error("IncompleteBody", `the body has ${bytes} bytes instead of ${said}`);
  for (const check of checks) verify(check, trailer);
}

function verify({ name, digest, expected }: Check, trailer: ReadonlyMap<string, string>): void {
  const value = digest.value();
  const said = expected ?? parseDigest(name, trailer.get(name) ?? "", value.length);
  if (said.equals(value)) return;
  const code = name === SHA256 ? "XAmzContentSHA256Mismatch" : "BadDigest";
  throw new S3Error(code, `the body is not the one that ${name} was computed from`);
}

async function checksOf(headers: IncomingHttpHeaders): Promise<Check[]> {
  const checks: Check[] = [];
  const sha256 = header(headers, SHA256) ?? "";
  if (/^[0-9a-f]{64}$/i.test(sha256))
    checks.push({ name: SHA256, digest: hashDigest("sha256"), expected: Buffer.from(sha256, "hex") });
  const trailer = header(headers, "x-amz-trailer")?.toLowerCase();
  for (const [name, { bytes, make }] of Object.entries(DIGESTS)) {
    const said = header(headers, name);
    if (said === undefined && trailer !== name) continue;
    const expected = said === undefined ? undefined : parseDigest(name, said, bytes);
    checks.push({ name, digest: await make(), expected });
  }
  return checks;
}

function parseDigest(name: string, text: string, bytes: number): Buffer {
  const digest = Buffer.from(text, "base64");
  if (digest.length !== bytes) throw new S3Error("InvalidDigest", `${name} is "${text}", which is no such digest`);
  return digest;
}

const DIGESTS: Readonly<Record<string, { readonly bytes: number; readonly make: () => Digest | Promise<Digest> }>> = {
  "content-md5": { bytes: 16, make: () => hashDigest("md5") },
  "x-amz-checksum-crc32": { bytes: 4, make: crc32Digest },
  "x-amz-checksum-crc32c": { bytes: 4, make: async () => wasmDigest(await createCRC32(CASTAGNOLI)) },
  "x-amz-checksum-crc64nvme": { bytes: 8, make: async () => wasmDigest(await createCRC64(NVME)) },
  "x-amz-checksum-sha1": { bytes: 20, make: () => hashDigest("sha1") },
  "x-amz-checksum-sha256": { bytes: 32, make: () => hashDigest("sha256") },
};

function hashDigest(algorithm: string): Digest {
  const hash = createHash(algorithm);
  return { update: (data) => void hash.update(data), value: () => hash.digest() };
}

/** zlib's is several times faster than one in WebAssembly, and this is what most clients send. */
function crc32Digest(): Digest {
  let value = 0;
  const update = (data: Uint8Array): void => {
    value = crc32(data, value);
  };
  const toBytes = (): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  return { update, value: toBytes };
}

function wasmDigest(hasher: IHasher): Digest {
  hasher.init();
  return { update: (data) => void hasher.update(data), value: () => Buffer.from(hasher.digest("binary")) };
}
