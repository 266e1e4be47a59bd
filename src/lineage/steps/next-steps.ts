import type { Row } from "../store/rows.ts";
import type { Direction, Level } from "../answer.ts";
import { coarseSteps, stepOut } from "./coarse.ts";
import { stepsFromDatum } from "./datum.ts";
import { downFromFile } from "./file-down.ts";
import { upFromFile } from "./file-up.ts";
import { downFromRun, upFromRun } from "./run.ts";
import type { StepRows, Steps } from "./step.ts";
import { isFine } from "./step.ts";
import { unfinished } from "./unfinished.ts";

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
