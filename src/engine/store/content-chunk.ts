import { StemmaError } from "../../lineage/errors.ts";

/** A part of a file's content, stored as one object. */
export interface StoredChunk {
  /** The SHA-256 of its bytes, in hexadecimal. */
  readonly id: string;
  readonly bytes: number;
}

const HINT = "Put the same content again: that stores the object anew.";

/** The INTEGRITY error for an object that has the right length and other bytes. */
export function alteredObject({ id }: StoredChunk): StemmaError {
  return new StemmaError("INTEGRITY", `object ${id} is damaged: its content has another digest`, { hint: HINT });
}

/** The INTEGRITY error for an object that is not there, or not as long as it was written. */
export function damagedObject({ id, bytes }: StoredChunk, foundBytes: number | undefined): StemmaError {
  const message =
    foundBytes === undefined ? `object ${id} is missing` : `object ${id} has ${foundBytes} bytes instead of ${bytes}`;
  return new StemmaError("INTEGRITY", message, { hint: HINT });
}
