import { setImmediate } from "node:timers/promises";
import type { Database } from "./database.ts";

/** How long clients may have to wait for such work, besides the commit of what it has changed. */
const SLICE_MS = 10;

/**
 * Does long work a little at a time: each slice is a transaction of its own, and between two of them everybody else has a turn.
 * The steps themselves are short, and count on nothing that may have changed since the one before.
 */
export async function* inSlices(db: Database, steps: Iterator<unknown>, sliceMs = SLICE_MS): AsyncGenerator<void> {
  for (let isDone = false; !isDone;) {
    isDone = db.transaction(() => runSlice(steps, sliceMs));
    yield;
    await setImmediate();
  }
}

function runSlice(steps: Iterator<unknown>, sliceMs: number): boolean {
  const end = performance.now() + sliceMs;
  do {
    if (steps.next().done === true) return true;
  } while (performance.now() < end);
  return false;
}
