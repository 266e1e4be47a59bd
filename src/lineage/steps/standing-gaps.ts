import type { Gap } from "../answer.ts";
import type { Row } from "../store/row.ts";
import type { StepRows } from "./step-rows.ts";
import { missing } from "./step.ts";

/** Kinds whose system ought to know them: one that is only named is gone there. */
const KNOWN_TO_SYSTEMS: ReadonlySet<string> = new Set(["commit", "job", "run", "logged-model", "model-version"]);

/** What is to be noted at a row whichever way a walk goes on from it. A thing that was seen to go is known as far as it was. */
export function standingGaps(rows: StepRows, row: Row): readonly Gap[] {
  const stored = rows.gapsOf(row);
  if (!row.isNamed || row.gone !== null || !KNOWN_TO_SYSTEMS.has(row.kind)) return stored;
  return [missing(row, `the ${row.kind.replace("-", " ")} is gone, and with it what is known of it`), ...stored];
}
