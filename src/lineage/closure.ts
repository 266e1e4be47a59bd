import { isThere } from "./presence.ts";
import type { Level } from "./answer.ts";
import { nextSteps, readAhead } from "./steps/next-steps.ts";
import { standingGaps } from "./steps/standing-gaps.ts";
import type { Step } from "./steps/step.ts";
import { missing } from "./steps/step.ts";
import { StepRows } from "./steps/step-rows.ts";
import type { LineageIndex } from "./store/lineage-index.ts";
import type { Row } from "./store/row.ts";
import type { Direction, Gap, WalkOptions } from "./answer.ts";

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
  readonly steps: Step[] = [];
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
    this.frontier = this.#rows.at(this.frontier.map(({ id }) => id));
    for (const row of this.frontier) this.rows.set(row.id, row);
  }

  /** Goes one level on from the frontier, and makes what is new there the next one. */
  advance(): void {
    const { direction, level, until } = this.options;
    const open = until === undefined ? this.frontier : this.frontier.filter((row) => row.id === this.root.id || !until(row.node));
    readAhead(this.#rows, open, direction, level);
    const met = new Map<number, Row>();
    const next: Row[] = [];
    for (const row of open) this.#stepFrom(row, met, next);
    this.frontier = next.sort(byUrn);
    const isAllNext = next.length === met.size && next.every(({ id }) => met.has(id));
    for (const row of isAllNext ? next : [...met.values()].sort(byUrn)) this.rows.set(row.id, row);
    this.#depth += 1;
  }

  #stepFrom(from: Row, met: Map<number, Row>, next: Row[]): void {
    const { steps, gaps } = nextSteps(this.#rows, from, this.options.direction, this.options.level);
    this.#note(standingGaps(this.#rows, from));
    this.#note(gaps);
    for (const step of this.#within(from, steps).sort(byKindAndUrn)) {
      const { to, placing } = step;
      this.steps.push(step);
      if (!this.rows.has(to.id)) met.set(to.id, to);
      if (placing === true || this.#reached.has(to.id)) continue;
      this.#reached.add(to.id);
      next.push(to);
    }
  }

  /** The steps to what counts, and is not too far. */
  #within(from: Row, steps: readonly Step[]): Step[] {
    const { maxDepth = Number.POSITIVE_INFINITY } = this.options;
    const here = steps.filter(({ to }) => to.id === this.root.id || isThere(this.#rows, to, this.options));
    if (this.#depth < maxDepth) return here;
    const within = here.filter(({ to, placing }) => placing === true || this.#reached.has(to.id));
    if (within.length < here.length)
      this.#note([missing(from, `there is more than ${maxDepth} ${maxDepth === 1 ? "step" : "steps"} away`)]);
    return within;
  }

  #note(gaps: readonly Gap[]): void {
    this.gaps.push(...gaps);
  }
}

function byUrn(a: Row, b: Row): number {
  return a.urn < b.urn ? -1 : a.urn > b.urn ? 1 : 0;
}

function byKindAndUrn(a: Step, b: Step): number {
  if (a.kind !== b.kind) return a.kind < b.kind ? -1 : 1;
  return byUrn(a.to, b.to);
}
