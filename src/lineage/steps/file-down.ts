import type { Row, RowLink } from "../store/row.ts";
import { toFiles } from "../store/record.ts";
import { parseUrn } from "../urn.ts";
import { isPlace, placings } from "./coarse.ts";
import type { StepRows } from "./step-rows.ts";
import type { Step, Steps } from "./step.ts";
import { commitOf, isFolder, wider } from "./step.ts";
import { unfinished } from "./unfinished.ts";

/** From a file to the datums and runs that read it, from a folder to its files too. */
export function downFromFile(rows: StepRows, file: Row): Steps {
  const up = rows.up(file, "all");
  const places = up.filter((link) => isPlace(file, link));
  const members = up.filter(({ kind, to }) => kind === "derived" && isFolderOf(file, to));
  const down = rows.down(file, "all").filter(({ to }) => !isFolder(to));
  const whole = places.map(({ to }) => readersOfCommit(rows, file, to, new Set(down.map((link) => link.to.id))));
  return {
    steps: [...placings(places), ...members, ...down, ...whole.flatMap(({ steps }) => steps)],
    gaps: whole.flatMap(({ gaps }) => gaps),
  };
}

/** What used a commit without saying that it used one of its files, and may have. */
function readersOfCommit(rows: StepRows, file: Row, commit: Row, known: ReadonlySet<number>): Steps {
  const parts = rows.readersOf(commit).map((link) => (known.has(link.to.id) ? [] : readerOfCommit(rows, file, link)));
  const all = parts.flat();
  return { steps: all.flatMap(({ steps }) => steps), gaps: all.flatMap(({ gaps }) => gaps) };
}

function readerOfCommit(rows: StepRows, file: Row, link: RowLink): readonly Steps[] {
  const { kind, to } = link;
  if (kind === "used" && to.kind === "job") return [jobReading(rows, file, link)];
  if (kind === "used") return isReadBy(rows, file, link) ? [{ steps: [bare(file, link)], gaps: namesGap(file, link) }] : [];
  if (kind === "derived" && to.kind === "commit")
    return [{ steps: [bare(file, link)], gaps: [wider(file, "no job tells which files came from it, so whole commits do")] }];
  return [];
}

/** A job whose datums are known speaks through them. */
function jobReading(rows: StepRows, file: Row, link: RowLink): Steps {
  const gaps = unfinished(link.to);
  if (rows.isExpanded(link.to)) return { steps: [], gaps };
  return {
    steps: [bare(file, link)],
    gaps: [wider(file, "a job's datums are not known, so it counts as read by the whole job"), ...gaps],
  };
}

/** A reader that names files, or folders, read no others. One whose files of this commit are in the index is linked to them. */
function isReadBy(rows: StepRows, file: Row, { to, facts }: RowLink): boolean {
  const names = namesOf(facts);
  const path = pathOf(file);
  if (names.length > 0) return names.some((name) => covers(name, path) || covers(path, name));
  return !rows.commitsOfFilesReadBy(to).has(commitOf(file));
}

function namesGap(file: Row, { facts }: RowLink): Steps["gaps"] {
  return namesOf(facts).length > 0 ? [] : [wider(file, "a reader of its commit does not name the files, so it counts as read")];
}

/** A step from the commit as one from the file: it speaks of that now, not of files of the commit. */
function bare(file: Row, link: RowLink): Step {
  return { ...link, from: file, facts: null };
}

function namesOf(facts: string | null): readonly string[] {
  return facts === null ? [] : toFiles(facts).names;
}

/** True when a path is another, or a folder above it. */
function covers(path: string, other: string): boolean {
  return path === other || other.startsWith(path.endsWith("/") ? path : `${path}/`);
}

function isFolderOf(folder: Row, file: Row): boolean {
  return isFolder(folder) && file.kind === "file" && file.id !== folder.id && file.urn.startsWith(folder.urn);
}

function pathOf(file: Row): string {
  const identity = parseUrn(file.urn);
  return identity.kind === "file" ? identity.path : "/";
}
