import type { Row, RowLink } from "../store/row.ts";
import type { Direction } from "../answer.ts";
import type { StepRows } from "./step-rows.ts";
import type { Step, Steps } from "./step.ts";
import { isFine, wider } from "./step.ts";

/** From a thing to all that is linked to it, files and datums apart. */
export function coarseSteps(rows: StepRows, row: Row, direction: Direction): Steps {
  return { steps: direction === "up" ? rows.up(row, "coarse") : rows.down(row, "coarse"), gaps: [] };
}

/** From a file or datum that a walk among commits begins at: to its commit or job. */
export function stepOut(rows: StepRows, row: Row): Steps {
  const places = placesOf(rows, row);
  return {
    steps: places,
    gaps: places.map(({ to }) => wider(row, `the whole ${to.kind} stands for it`)),
  };
}

/** The commit that a file lies in, the job that a datum lies in. */
function placesOf(rows: StepRows, row: Row): readonly RowLink[] {
  return rows.up(row, "all").filter((link) => isPlace(row, link));
}

export function isPlace(row: Row, { kind }: RowLink): boolean {
  return kind === "within" && isFine(row);
}

/** Where a thing lies, to be noted and not followed. */
export function placings(links: readonly RowLink[]): readonly Step[] {
  return links.map((link) => ({ ...link, placing: true }));
}
