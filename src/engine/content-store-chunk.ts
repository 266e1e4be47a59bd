import { StemmaError } from "../lineage/errors.ts";

/** A part of a file's content, stored as one object. */
export interface StoredChunk {
  /** The SHA-256 of its bytes, in hexadecimal. */
  readonly id: string;
  readonly bytes: number;
}

/** The INTEGRITY error for an object that is not there, or not as long as it was written. */
export function damagedObject({ id, bytes }: StoredChunk, foundBytes: number | undefined): StemmaError {
  const message =
    foundBytes === undefined ? `object ${id} is missing` : `object ${id} has ${foundBytes} bytes instead of ${bytes}`;
  return new StemmaError("INTEGRITY", message, { hint: "Put the same content again: that stores the object anew." });
}
