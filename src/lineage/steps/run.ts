import type { Gap } from "../answer.ts";
import type { Row, RowLink } from "../store/row.ts";
import type { Urn } from "../urn.ts";
import type { StepRows } from "./step-rows.ts";
import type { Steps } from "./step.ts";
import { commitOf, isFolder, wider } from "./step.ts";

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
    return isWithinDatum(link) ? !link.to.isNamed : !(link.kind === "used" && finer.has(link.to.urn));
  });
  const gaps: Gap[] = [];
  if (!hasDatum && links.some(isWithinJob)) gaps.push(wider(run, datums.length === 0 ? NO_DATUM : UNKNOWN_DATUM));
  return { steps: followed, gaps };
}

/** From a run to the files that it made, or else the commit, and to its models. */
export function downFromRun(rows: StepRows, run: Row): Steps {
  const links = rows.down(run, "all");
  const finer = commitsOf(links, "generated");
  const followed = links.filter(({ kind, to }) => !(kind === "generated" && finer.has(to.urn)));
  const isWide = followed.some(({ kind, to }) => kind === "generated" && to.kind === "commit");
  return { steps: followed, gaps: isWide ? [wider(run, UNKNOWN_FILES)] : [] };
}

function isWithinJob({ kind, to }: RowLink): boolean {
  return kind === "within" && to.kind === "job";
}

function isWithinDatum({ kind, to }: RowLink): boolean {
  return kind === "within" && to.kind === "datum";
}

/** The commits of which files are linked. */
function commitsOf(links: readonly RowLink[], kind: RowLink["kind"]): ReadonlySet<Urn> {
  return new Set(links.filter((link) => link.kind === kind && link.to.kind === "file").map(({ to }) => commitOf(to)));
}
