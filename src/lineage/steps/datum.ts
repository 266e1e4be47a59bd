import type { Row } from "../store/row.ts";
import type { Direction } from "../answer.ts";
import { isPlace, placings } from "./coarse.ts";
import type { StepRows } from "./step-rows.ts";
import type { Steps } from "./step.ts";
import { isFolder, wider } from "./step.ts";
import { unfinished } from "./unfinished.ts";

const UNKNOWN = {
  up: "its datum is not known, so all that its job used counts as read",
  down: "its datum is not known, so all that its job made counts",
};

/** From a datum to the files that it read and its pipeline's version, or to the files that it wrote and the runs within it. */
export function stepsFromDatum(rows: StepRows, datum: Row, direction: Direction): Steps {
  const up = rows.up(datum, "all");
  const places = up.filter((link) => isPlace(datum, link));
  const links = direction === "up" ? up.filter((link) => !isPlace(datum, link) && !isFolder(link.to)) : rows.down(datum, "all");
  const gaps = direction === "up" ? [] : places.flatMap(({ to }) => unfinished(to));
  const isKnown = links.some(({ to }) => to.kind === "file") || places.some(({ to }) => rows.isExpanded(to));
  if (isKnown) return { steps: [...placings(places), ...links], gaps };
  // Its job stands for it: that edge is followed.
  return { steps: [...places, ...links], gaps: [...gaps, wider(datum, UNKNOWN[direction])] };
}
