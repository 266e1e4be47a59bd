import type { Edge } from "./graph.ts";
import { isThere } from "./presence.ts";
import type { Level } from "./answer.ts";
import { nextSteps } from "./steps/next-steps.ts";
import { standingGaps } from "./steps/standing-gaps.ts";
import type { RowGap, Step } from "./steps/step.ts";
import { StepRows, missing } from "./steps/step.ts";
import type { LineageIndex } from "./store/lineage-index.ts";
import { toEdge, urnOf } from "./store/record.ts";
import type { Row } from "./store/rows.ts";
import { recordOf } from "./store/rows.ts";
import type { Direction, Gap, WalkOptions } from "./answer.ts";

/** A step that a walk took, from the row where it was. */
export interface TakenStep extends Step {
  readonly from: Row;
}

export interface ClosureOptions extends Omit<WalkOptions, "kinds"> {
  readonly direction: Direction;
  readonly level: Level;
}

/** All that is above or below a node, as rows: breadth first, each level in the order of its URNs. */
export class Closure {
  readonly root: Row;
  readonly options: ClosureOptions;
  /** Every row that was met, in the order of the answer. */
  readonly rows: Map<number, Row>;
  readonly steps: TakenStep[] = [];
  readonly gaps: Gap[] = [];
  /** The rows from which the walk goes on. */
  frontier: readonly Row[];
  readonly #reached: Set<number>;
  readonly #index: LineageIndex;
  #rows: StepRows;
  #depth = 0;

  constructor(index: LineageIndex, root: Row, options: ClosureOptions) {
    this.#index = index;
    this.#rows = new StepRows(index);
    this.root = root;
    this.options = options;
    this.frontier = [root];
    this.rows = new Map([[root.id, root]]);
    this.#reached = new Set([root.id]);
  }

  /** Looks anew at what the index holds, because something was put into it. */
  refresh(): void {
    this.#rows = new StepRows(this.#index);
    this.frontier = this.frontier.map(({ id }) => this.#rows.at(id));
    for (const row of this.frontier) this.rows.set(row.id, row);
  }

  /** Goes one level on from the frontier, and makes what is new there the next one. */
  advance(): void {
    const met = new Map<number, Row>();
    const next: Row[] = [];
    for (const row of this.frontier) {
      if (row.id !== this.root.id && this.options.until?.(recordOf(row).node) === true) continue;
      this.#stepFrom(row, met, next);
    }
    for (const row of [...met.values()].sort(byKey)) this.rows.set(row.id, row);
    this.frontier = next.sort(byKey);
    this.#depth += 1;
  }

  #stepFrom(from: Row, met: Map<number, Row>, next: Row[]): void {
    const { direction, level, maxDepth = Number.POSITIVE_INFINITY } = this.options;
    const { steps, gaps } = nextSteps(this.#rows, from, direction, level);
    this.#note(standingGaps(this.#rows, from));
    this.#note(gaps);
    const here = steps.filter(({ to }) => to.id === this.root.id || isThere(this.#rows, to, this.options));
    const within = this.#depth < maxDepth ? here : here.filter(({ to, placing }) => placing === true || this.#reached.has(to.id));
    if (within.length < here.length) this.#note([missing(from, `there is more than ${maxDepth} steps away`)]);
    for (const step of within.sort(byKindAndKey)) {
      const { kind, up, to, facts, placing } = step;
      this.steps.push(placing === undefined ? { kind, up, to, facts, from } : { kind, up, to, facts, placing, from });
      if (!this.rows.has(to.id)) met.set(to.id, to);
      if (placing === true || this.#reached.has(to.id)) continue;
      this.#reached.add(to.id);
      next.push(to);
    }
  }

  #note(gaps: readonly RowGap[]): void {
    for (const { at, why, effect } of gaps) this.gaps.push({ at: urnOf(at), why, effect });
  }
}

/** The edge of a step, as it is in the graph. */
export function edgeOf({ from, to, up, kind, facts }: TakenStep): Edge {
  const [later, earlier] = up ? [from, to] : [to, from];
  return toEdge({ from: later.urn, to: earlier.urn, kind }, facts);
}

function byKey(a: Row, b: Row): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

function byKindAndKey(a: Step, b: Step): number {
  if (a.kind !== b.kind) return a.kind < b.kind ? -1 : 1;
  return byKey(a.to, b.to);
}
