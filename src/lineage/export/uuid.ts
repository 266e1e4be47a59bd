import { createHash } from "node:crypto";

/** The namespace of the UUIDs that we make out of names. */
const OURS = "7b1f0c52-3f0e-5c8a-9d53-0a1e6f6c2b7d";
const BYTES = 16;

/** A UUID of version 5 (RFC 9562): the same for the same name, always. */
export function uuidOf(name: string): string {
  const hash = createHash("sha1")
    .update(Buffer.from(undashed(OURS), "hex"))
    .update(name)
    .digest()
    .subarray(0, BYTES);
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  return dashed(hash.toString("hex"));
}

/** 32 hexadecimal digits as a UUID is written. */
export function dashed(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** The 32 hexadecimal digits of a UUID. */
export function undashed(uuid: string): string {
  return uuid.replaceAll("-", "").toLowerCase();
}
