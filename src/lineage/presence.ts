import type { StepRows } from "./steps/step-rows.ts";
import { isFine } from "./steps/step.ts";
import type { Row } from "./store/row.ts";
import type { WalkOptions } from "./answer.ts";

/** False for tries that others replaced, and for what was not there yet, or no more, at the time that is asked about. */
export function isThere(rows: StepRows, row: Row, { asOf, attempts = false }: Pick<WalkOptions, "asOf" | "attempts">): boolean {
  if (row.isAttempt && !attempts) return false;
  return asOf === undefined || isThereAt(rows, row, asOf.getTime());
}

function isThereAt(rows: StepRows, row: Row, time: number): boolean {
  if (row.gone !== null && row.gone <= time) return false;
  if (row.since !== null) return row.since <= time;
  // A file is as old as its commit, a datum as its job.
  return !isFine(row) || rows.up(row, "all").every(({ kind, to }) => kind !== "within" || isThereAt(rows, to, time));
}
