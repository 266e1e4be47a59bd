import type { Row, RowLink } from "../store/rows.ts";
import { toFiles, urnOf } from "../store/record.ts";
import { parseUrn } from "../urn.ts";
import { isPlace, placings, stepAlong } from "./coarse.ts";
import type { Step, StepRows, Steps } from "./step.ts";
import { commitKeyOf, isFolder, wider } from "./step.ts";
import { unfinished } from "./unfinished.ts";

/** From a file to the datums and runs that read it, from a folder to its files too. */
export function downFromFile(rows: StepRows, file: Row): Steps {
  const up = rows.up(file, "all");
  const places = up.filter((link) => isPlace(file, link));
  const members = up.filter(({ kind, to }) => kind === "derived" && isFolderOf(file, to));
  const down = rows.down(file, "all").filter(({ to }) => !isFolder(to));
  const own = [...members.map((link) => stepAlong(link, "up")), ...down.map((link) => stepAlong(link, "down"))];
  const whole = places.map(({ to }) => readersOfCommit(rows, file, to, new Set(down.map((link) => link.to.id))));
  return {
    steps: [...placings(places), ...own, ...whole.flatMap(({ steps }) => steps)],
    gaps: whole.flatMap(({ gaps }) => gaps),
  };
}

/** What used a commit without saying that it used one of its files, and may have. */
function readersOfCommit(rows: StepRows, file: Row, commit: Row, known: ReadonlySet<number>): Steps {
  const parts = rows.down(commit, "all").map((link) => (known.has(link.to.id) ? [] : readerOfCommit(rows, file, link)));
  const all = parts.flat();
  return { steps: all.flatMap(({ steps }) => steps), gaps: all.flatMap(({ gaps }) => gaps) };
}

function readerOfCommit(rows: StepRows, file: Row, link: RowLink): readonly Steps[] {
  const { kind, to } = link;
  if (kind === "used" && to.kind === "job") return [jobReading(rows, file, link)];
  if (kind === "used") return isReadBy(rows, file, link) ? [{ steps: [bare(link)], gaps: namesGap(file, link) }] : [];
  if (kind === "derived" && to.kind === "commit")
    return [{ steps: [bare(link)], gaps: [wider(file, "no job tells which files came from it, so whole commits do")] }];
  return [];
}

/** A job whose datums are known speaks through them. */
function jobReading(rows: StepRows, file: Row, link: RowLink): Steps {
  const gaps = unfinished(link.to);
  if (rows.isExpanded(link.to)) return { steps: [], gaps };
  return {
    steps: [bare(link)],
    gaps: [wider(file, "a job's datums are not known, so it counts as read by the whole job"), ...gaps],
  };
}

/** A reader that names files, or folders, read no others. One whose files of this commit are in the index is linked to them. */
function isReadBy(rows: StepRows, file: Row, { to, facts }: RowLink): boolean {
  const names = namesOf(facts);
  const path = pathOf(file);
  if (names.length > 0) return names.some((name) => covers(name, path) || covers(path, name));
  const commit = commitKeyOf(file);
  return !rows.up(to, "all").some((link) => link.kind === "used" && link.to.kind === "file" && commitKeyOf(link.to) === commit);
}

function namesGap(file: Row, { facts }: RowLink): Steps["gaps"] {
  return namesOf(facts).length > 0 ? [] : [wider(file, "a reader of its commit does not name the files, so it counts as read")];
}

/** The edge speaks of the file now, not of files of the commit. */
function bare(link: RowLink): Step {
  return { ...stepAlong(link, "down"), facts: null };
}

function namesOf(facts: string | null): readonly string[] {
  return facts === null ? [] : toFiles(facts).names;
}

/** True when a path is another, or a folder above it. */
function covers(path: string, other: string): boolean {
  return path === other || other.startsWith(path.endsWith("/") ? path : `${path}/`);
}

function isFolderOf(folder: Row, file: Row): boolean {
  return isFolder(folder) && file.kind === "file" && file.id !== folder.id && file.key.startsWith(folder.key);
}

function pathOf(file: Row): string {
  const identity = parseUrn(urnOf(file.key));
  return identity.kind === "file" ? identity.path : "/";
}
