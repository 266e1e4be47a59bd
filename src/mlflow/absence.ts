import { StemmaError } from "../lineage/errors.ts";

/** Turns NOT_FOUND into undefined, for those who expect it. */
export async function orUndefined<Value>(promise: Promise<Value>): Promise<Value | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof StemmaError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}
