import type { EdgeKind } from "../graph.ts";
import type { LineageIndex } from "../store/lineage-index.ts";
import type { GapRow, Reach, Row, RowLink } from "../store/rows.ts";
import { Rows } from "../store/rows.ts";

/** One way on from a node of a walk. */
export interface Step {
  readonly kind: EdgeKind;
  /** True when the edge points from where the walk is to `to`; false the other way round. */
  readonly up: boolean;
  readonly to: Row;
  /** What is said on the edge, as JSON. */
  readonly facts: string | null;
  /** Noted, and not followed: it only says where a thing lies. */
  readonly placing?: boolean;
}

/** Something to be known at a row. */
export type RowGap = GapRow;

/** Where a walk can go from a node, and what stays unknown there. */
export interface Steps {
  readonly steps: readonly Step[];
  readonly gaps: readonly RowGap[];
}

/** What of an index the rules for steps look at, as it was when they began. */
export class StepRows {
  readonly #index: LineageIndex;
  readonly #rows: Rows;
  readonly #hasGaps: boolean;

  constructor(index: LineageIndex) {
    this.#index = index;
    this.#rows = new Rows(index);
    this.#hasGaps = this.#rows.hasGaps();
  }

  at(id: number): Row {
    return this.#rows.at(id);
  }

  /** What leads up from a row. */
  up(row: Row, reach: Reach): readonly RowLink[] {
    return this.#rows.up(row.id, reach);
  }

  /** What leads down from a row. */
  down(row: Row, reach: Reach): readonly RowLink[] {
    return this.#rows.down(row.id, reach);
  }

  gapsOf(row: Row): readonly RowGap[] {
    return this.#hasGaps ? this.#rows.gapsOf(row) : [];
  }

  /** True when the datums of a job are in the index. */
  isExpanded({ urn }: Row): boolean {
    return this.#index.cursor(`expanded:${urn}`) !== undefined;
  }
}

export function wider(at: Row, why: string): RowGap {
  return { at: at.key, why, effect: "wider" };
}

export function missing(at: Row, why: string): RowGap {
  return { at: at.key, why, effect: "missing" };
}

/** True for what is smaller than a commit or job. */
export function isFine({ kind }: Row): boolean {
  return kind === "file" || kind === "datum";
}

/** True for a folder: only where a question begins, since which ones an index holds depends on what was asked before. */
export function isFolder({ kind, key }: Row): boolean {
  return kind === "file" && key.endsWith("/");
}

/** The key of the commit that a file lies in. */
export function commitKeyOf({ key }: Row): string {
  const start = "file:".length;
  return `commit:${key.slice(start, key.indexOf(":", start))}`;
}
