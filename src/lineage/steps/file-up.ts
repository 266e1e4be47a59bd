import type { Row, RowLink } from "../store/row.ts";
import { isPlace, placings } from "./coarse.ts";
import type { StepRows } from "./step-rows.ts";
import type { Steps } from "./step.ts";
import { isFolder, wider } from "./step.ts";

/** From a file to the datum and run that wrote it, from a folder to its files. A file that a user put came from nothing. */
export function upFromFile(rows: StepRows, file: Row): Steps {
  const links = rows.up(file, "all");
  const places = links.filter((link) => isPlace(file, link));
  const origins = links.filter((link) => !isPlace(file, link) && !isFolder(link.to));
  const placed = placings(places);
  if (origins.length > 0) return { steps: [...placed, ...origins], gaps: [] };
  const whole = places.map(({ to }) => originsOfCommit(rows, file, to));
  return { steps: [...placed, ...whole.flatMap(({ steps }) => steps)], gaps: whole.flatMap(({ gaps }) => gaps) };
}

/** Where a commit came from, in place of one of its files. */
function originsOfCommit(rows: StepRows, file: Row, commit: Row): Steps {
  const links = rows.up(commit, "coarse");
  const makers = links.filter(({ kind, to }) => kind === "generated" && to.kind === "job");
  if (makers.length > 0)
    return insteadOf(file, makers, "it counts as made from all that its job used (no datum is named as its writer)");
  return insteadOf(file, links, "no job tells which files it came from, so all of the commits do");
}

function insteadOf(file: Row, links: readonly RowLink[], why: string): Steps {
  return { steps: links.map((link) => ({ ...link, from: file })), gaps: links.length === 0 ? [] : [wider(file, why)] };
}
