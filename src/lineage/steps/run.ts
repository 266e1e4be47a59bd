import type { Row, RowLink } from "../store/rows.ts";
import { stepAlong } from "./coarse.ts";
import type { RowGap, StepRows, Steps } from "./step.ts";
import { commitKeyOf, isFolder, wider } from "./step.ts";

const NO_DATUM = "it does not say which datum it ran for, so all that its job used counts as read";
const UNKNOWN_DATUM = "its datum is not known, so all that its job used counts as read";
const UNKNOWN_FILES = "the files that it made are not known, so all of its commit counts";

/** From a run to its datum, or else its job, and to the files that it says it read. */
export function upFromRun(rows: StepRows, run: Row): Steps {
  const links = rows.up(run, "all").filter(({ to }) => !isFolder(to));
  const datums = links.filter(isWithinDatum);
  const hasDatum = datums.some(({ to }) => !to.isNamed);
  const finer = commitsOf(links, "used");
  const followed = links.filter((link) => {
    if (isWithinJob(link)) return !hasDatum;
    return isWithinDatum(link) ? !link.to.isNamed : !(link.kind === "used" && finer.has(link.to.key));
  });
  const gaps: RowGap[] = [];
  if (!hasDatum && links.some(isWithinJob)) gaps.push(wider(run, datums.length === 0 ? NO_DATUM : UNKNOWN_DATUM));
  return { steps: followed.map((link) => stepAlong(link, "up")), gaps };
}

/** From a run to the files that it made, or else the commit, and to its models. */
export function downFromRun(rows: StepRows, run: Row): Steps {
  const links = rows.down(run, "all");
  const finer = commitsOf(links, "generated");
  const followed = links.filter(({ kind, to }) => !(kind === "generated" && finer.has(to.key)));
  const isWide = followed.some(({ kind, to }) => kind === "generated" && to.kind === "commit");
  return { steps: followed.map((link) => stepAlong(link, "down")), gaps: isWide ? [wider(run, UNKNOWN_FILES)] : [] };
}

function isWithinJob({ kind, to }: RowLink): boolean {
  return kind === "within" && to.kind === "job";
}

function isWithinDatum({ kind, to }: RowLink): boolean {
  return kind === "within" && to.kind === "datum";
}

/** The keys of the commits of which files are linked. */
function commitsOf(links: readonly RowLink[], kind: RowLink["kind"]): ReadonlySet<string> {
  return new Set(links.filter((link) => link.kind === kind && link.to.kind === "file").map(({ to }) => commitKeyOf(to)));
}
