import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";

const CHUNK_BYTES = 1024 * 1024;

/** Of a file, or of its first bytes; hexadecimal. Rejects with the file system's error. */
export async function sha256OfFile(file: string, sizeBytes = Infinity): Promise<string> {
  const hash = createHash("sha256");
  if (sizeBytes > 0) await pipeline(createReadStream(file, { highWaterMark: CHUNK_BYTES, end: sizeBytes - 1 }), hash);
  return hash.digest("hex");
}
