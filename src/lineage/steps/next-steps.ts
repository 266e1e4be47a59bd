import type { Row } from "../store/row.ts";
import type { Direction, Level } from "../answer.ts";
import { coarseSteps, stepOut } from "./coarse.ts";
import { stepsFromDatum } from "./datum.ts";
import { downFromFile } from "./file-down.ts";
import { upFromFile } from "./file-up.ts";
import { downFromRun, upFromRun } from "./run.ts";
import type { StepRows } from "./step-rows.ts";
import type { Steps } from "./step.ts";
import { isFine } from "./step.ts";
import { unfinished } from "./unfinished.ts";

/** Reads at once what the steps from many nodes ask for. */
export function readAhead(rows: StepRows, from: readonly Row[], direction: Direction, level: Level): void {
  const isFiner = (row: Row): boolean => level === "file" && (isFine(row) || row.kind === "run");
  const [finer, coarser] = [from.filter(isFiner), from.filter((row) => !isFiner(row))];
  rows.readAhead(coarser, direction, "coarse");
  rows.readAhead(finer, direction, "all");
  // Down from a file or datum, it matters where that lies.
  if (direction === "down") rows.readAhead(finer.filter(isFine), "up", "all");
  rows.readGapsAhead(from);
}

/** Where a walk goes from a node, before anything is left out. */
export function nextSteps(rows: StepRows, row: Row, direction: Direction, level: Level): Steps {
  if (level === "commit" && isFine(row)) return stepOut(rows, row);
  if (row.kind === "job" && direction === "down") return { ...coarseSteps(rows, row, direction), gaps: unfinished(row) };
  if (level === "commit") return coarseSteps(rows, row, direction);
  switch (row.kind) {
    case "file":
      return direction === "up" ? upFromFile(rows, row) : downFromFile(rows, row);
    case "datum":
      return stepsFromDatum(rows, row, direction);
    case "run":
      return direction === "up" ? upFromRun(rows, row) : downFromRun(rows, row);
    default:
      return coarseSteps(rows, row, direction);
  }
}
