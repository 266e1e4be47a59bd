import type { Edge } from "../../lineage/graph.ts";
import type { LineageIndex } from "../../lineage/store/lineage-index.ts";
import type { NodeKind, Urn } from "../../lineage/urn.ts";
import type { Direction } from "../../lineage/answer.ts";

const PREFIX = "urn:stemma:";

/** The jobs whose datums and files lie on the way from these nodes. */
export function jobsToExpand(index: LineageIndex, urns: readonly Urn[], direction: Direction): readonly Urn[] {
  const jobs = new Set(urns.flatMap((urn) => placeOf(urn, "datum", "job")));
  const commits = new Set(urns.flatMap((urn) => placeOf(urn, "file", "commit")));
  for (const commit of commits)
    for (const job of direction === "up" ? makersOf(index, commit) : usersOf(index, commit, "job")) jobs.add(job);
  for (const run of urns.filter((urn) => isKind(urn, "run"))) for (const job of jobsOfRun(index, run)) jobs.add(job);
  return [...jobs];
}

/** The runs outside of jobs that read files, and name those themselves. */
export function runsToExpand(index: LineageIndex, urns: readonly Urn[], direction: Direction): readonly Urn[] {
  if (direction === "up") return urns.filter((urn) => isKind(urn, "run"));
  const commits = new Set(urns.flatMap((urn) => placeOf(urn, "file", "commit")));
  return [...new Set([...commits].flatMap((commit) => usersOf(index, commit, "run")))];
}

/** The job of a datum, the commit of a file: its URN has theirs in it. */
function placeOf(urn: Urn, kind: NodeKind, place: NodeKind): readonly Urn[] {
  const start = `${PREFIX}${kind}:`;
  if (!urn.startsWith(start)) return [];
  return [`${PREFIX}${place}:${urn.slice(start.length, urn.indexOf(":", start.length))}` as Urn];
}

function jobsOfRun(index: LineageIndex, run: Urn): readonly Urn[] {
  const own = index.edgesUp(run).filter(({ kind, to }) => kind === "within" && isKind(to, "job"));
  // A later job that skipped the run's datum kept its files.
  const made = index.edgesDown(run).filter(({ kind, from }) => kind === "generated" && isKind(from, "commit"));
  return [...targets(own), ...made.flatMap(({ from }) => makersOf(index, from))];
}

function makersOf(index: LineageIndex, commit: Urn): readonly Urn[] {
  return targets(index.edgesUp(commit).filter(({ kind, to }) => kind === "generated" && isKind(to, "job")));
}

function usersOf(index: LineageIndex, commit: Urn, user: "job" | "run"): readonly Urn[] {
  return index.edgesDown(commit).flatMap(({ kind, from }) => (kind === "used" && isKind(from, user) ? [from] : []));
}

function targets(edges: readonly Edge[]): readonly Urn[] {
  return edges.map(({ to }) => to);
}

function isKind(urn: Urn, kind: NodeKind): boolean {
  return urn.startsWith(`${PREFIX}${kind}:`);
}
