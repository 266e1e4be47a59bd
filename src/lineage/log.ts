import type { CommitNode, JobNode, Node, RunNode } from "./graph.ts";
import { bareNode } from "./graph.ts";
import { BranchHeads } from "./log/branches.ts";
import { Commits } from "./log/commits.ts";
import { type MadeModel, modelsOf } from "./log/models.ts";
import { newestFirst } from "./log/newest-first.ts";
import { startsOf } from "./log/starts.ts";
import type { LineageIndex } from "./store/lineage-index.ts";
import type { Urn } from "./urn.ts";
import { formatUrn } from "./urn.ts";
import type { Gap } from "./answer.ts";

export type { MadeModel } from "./log/models.ts";

export interface LogOptions {
  /** With the commits of other repos that these were made from. */
  readonly graph?: boolean | undefined;
  /** With the repo's other branches. */
  readonly all?: boolean | undefined;
  /** At most so many commits; 0 or nothing for all. */
  readonly number?: number | undefined;
}

/** A commit, and what was done when it was made. */
export interface LogEntry {
  readonly commit: CommitNode;
  /** The branches that it is the head of. */
  readonly branches: readonly string[];
  readonly job: JobNode | undefined;
  readonly runs: ReadonlyArray<{ readonly run: RunNode; readonly models: readonly MadeModel[] }>;
  /** The commits of the history that it follows or was made from: the one before it on its branch first. */
  readonly parents: readonly Urn[];
}

/** Commits, newest first, and each before what it came from. */
export interface History {
  readonly root: Urn;
  /** The commits that are shown and, of each, its `parents`. */
  readonly rows: ReadonlyArray<{ readonly id: Urn; readonly parents: readonly Urn[] }>;
  /** One for each row. Read when it is asked for: a long history is not held whole. */
  readonly entries: Iterable<LogEntry>;
  /** How many older ones `number` leaves out. */
  readonly left: number;
  readonly complete: boolean;
  readonly gaps: readonly Gap[];
}

/** The history of a commit, or of the branch that a run's or model's output is on. NOT_FOUND for a run that made no commit. */
export function log(index: LineageIndex, root: Node, { graph = false, all = false, number = 0 }: LogOptions = {}): History {
  const found = new Commits(index, graph);
  for (const start of startsOf(index, root, all)) found.follow(start);
  const { parents, gaps } = found;
  const order = newestFirst(parents, (urn) => index.record(urn)?.since?.getTime() ?? 0);
  const shown = number > 0 ? order.slice(0, number) : order;
  const rows = shown.map((id) => ({ id, parents: (parents.get(id) ?? []).filter((parent) => parents.has(parent)) }));
  return {
    root: formatUrn(root),
    rows,
    entries: { [Symbol.iterator]: () => entries(index, rows) },
    left: order.length - shown.length,
    complete: gaps.length === 0,
    gaps,
  };
}

function* entries(index: LineageIndex, rows: History["rows"]): Generator<LogEntry, void, undefined> {
  const branches = new BranchHeads(index);
  for (const { id, parents } of rows) {
    const commit = index.record(id)?.node ?? bareNode(id);
    if (commit.kind !== "commit") throw new Error(`${id} is no commit`);
    const up = index.edgesUp(id).filter(({ kind }) => kind === "generated");
    const makers = up.map(({ to }) => index.record(to)?.node).filter((node) => node !== undefined);
    yield {
      commit,
      branches: branches.at(commit),
      job: makers.find((node) => node.kind === "job"),
      runs: makers.filter((node) => node.kind === "run").map((run) => ({ run, models: modelsOf(index, formatUrn(run)) })),
      parents,
    };
  }
}
