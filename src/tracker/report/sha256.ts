import { createHash } from "node:crypto";
import { open } from "node:fs/promises";

const PIECE_BYTES = 256 * 1024;

/** Of a file, or of its first bytes; hexadecimal. Rejects with the file system's error. */
export async function sha256OfFile(path: string, sizeBytes = Infinity): Promise<string> {
  await using file = await open(path);
  const hash = createHash("sha256");
  let left = Math.min((await file.stat()).size, sizeBytes);
  // One buffer for all pieces: a stream would leave its own to the garbage collector, hundreds of megabytes of them.
  const buffer = Buffer.allocUnsafe(Math.min(left, PIECE_BYTES));
  while (left > 0) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(left, buffer.length), null);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    left -= bytesRead;
  }
  return hash.digest("hex");
}
