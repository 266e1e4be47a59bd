import { createHash } from "node:crypto";
import { S3Error } from "./errors.ts";

/** Checks the signatures that came with the parts of a body. Throws SignatureDoesNotMatch. */
export interface ChunkSigner {
  verifyChunk(sha256: string, signature: string): void;
  verifyTrailer(sha256: string, signature: string): void;
}

const LONGEST_LINE = 4096;
const TRAILER_SIGNATURE = "x-amz-trailer-signature";

/**
 * Unwraps S3's own `aws-chunked` encoding: chunks that each begin with their length and perhaps a signature, an empty one at
 * the end, and after it trailing headers, which are put into `trailer`.
 */
export async function* unwrapChunks(
  source: AsyncIterable<Uint8Array>,
  trailer: Map<string, string>,
  signer: ChunkSigner | undefined,
): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(source);
  for (;;) {
    const { bytes, signature } = parseChunkHead(await reader.line());
    const hash = signer && createHash("sha256");
    for await (const piece of reader.take(bytes)) {
      hash?.update(piece);
      yield piece;
    }
    if (hash) signer?.verifyChunk(hash.digest("hex"), signature);
    if (bytes === 0) break;
    if ((await reader.line()) !== "") throw broken("a chunk is longer than it says");
  }
  const lines: string[] = [];
  for (let line = await reader.line(); line !== ""; line = await reader.line()) lines.push(line);
  readTrailer(lines, trailer, signer);
}

function parseChunkHead(line: string): { readonly bytes: number; readonly signature: string } {
  const [, length = "", signature = ""] = /^([0-9a-f]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/i.exec(line) ?? [];
  if (length === "") throw broken("a chunk does not begin with its length");
  return { bytes: Number.parseInt(length, 16), signature };
}

function readTrailer(lines: readonly string[], trailer: Map<string, string>, signer: ChunkSigner | undefined): void {
  for (const line of lines) {
    const [, name = "", value = ""] = /^([^:]+):(.*)$/.exec(line) ?? [];
    trailer.set(name.trim().toLowerCase(), value.trim());
  }
  const signature = trailer.get(TRAILER_SIGNATURE) ?? "";
  trailer.delete(TRAILER_SIGNATURE);
  if (signer === undefined || trailer.size === 0) return;
  const text = [...trailer].map(([name, value]) => `${name}:${value}\n`).join("");
  signer.verifyTrailer(createHash("sha256").update(text).digest("hex"), signature);
}

function broken(what: string): S3Error {
  return new S3Error("IncompleteBody", `the aws-chunked body is damaged: ${what}`);
}

/** Takes lines and counted bytes off a stream. */
class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The text up to the next line end, without it. The last one may lack it. */
  async line(): Promise<string> {
    let text = Buffer.alloc(0);
    for (;;) {
      const end = this.#rest.indexOf(0x0a);
      if (end !== -1) {
        text = Buffer.concat([text, this.#rest.subarray(0, end)]);
        this.#rest = this.#rest.subarray(end + 1);
        return text.toString("latin1").replace(/\r$/, "");
      }
      text = Buffer.concat([text, this.#rest]);
      if (text.length > LONGEST_LINE) throw broken("a line of it has no end");
      this.#rest = new Uint8Array();
      if (!(await this.#fill())) return text.toString("latin1");
    }
  }

  async *take(count: number): AsyncGenerator<Uint8Array> {
    for (let missing = count; missing > 0;) {
      if (this.#rest.length === 0 && !(await this.#fill())) throw broken("it ends in the middle of a chunk");
      const piece = this.#rest.subarray(0, missing);
      this.#rest = this.#rest.subarray(piece.length);
      missing -= piece.length;
      yield piece;
    }
  }

  async #fill(): Promise<boolean> {
    const { done, value } = await this.#source.next();
    if (done === true) return false;
    this.#rest = value;
    return true;
  }
}
