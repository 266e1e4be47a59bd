import type { EdgeKind } from "../graph.ts";
import type { NodeKind, Urn } from "../urn.ts";
import { NODE_KINDS } from "../urn.ts";
import { FIRST_FINE, hasFacts, kindOf } from "./edge-code.ts";
import type { IndexDatabase } from "./index-database.ts";
import type { NodeColumns, NodeRecord } from "./record.ts";
import { IS_ATTEMPT, NODE_COLUMNS, keyOf, toRecord, urnOf } from "./record.ts";

/** A node as the index holds it, with what a walk decides by. */
export interface Row {
  readonly id: number;
  readonly key: string;
  readonly urn: Urn;
  readonly kind: NodeKind;
  /** True when others mention it and nobody says what it is. */
  readonly isNamed: boolean;
  readonly isAttempt: boolean;
  /** Milliseconds since 1970. */
  readonly since: number | null;
  readonly gone: number | null;
  readonly columns: readonly [...NodeColumns, ...number[]];
}

/** An edge as seen from one of its ends. */
export interface RowLink {
  readonly kind: EdgeKind;
  /** The row at the other end. */
  readonly to: Row;
  /** What is said on the edge, as JSON. */
  readonly facts: string | null;
}

/** A gap as the index holds it. */
export interface GapRow {
  /** The key of its node. */
  readonly at: string;
  readonly why: string;
  readonly effect: "missing" | "wider";
}

/** "coarse": without what links to files and datums. */
export type Reach = "all" | "coarse";

const UP = {
  all: "SELECT kind, target, facts FROM edge WHERE source = ?",
  coarse: `SELECT kind, target, facts FROM edge WHERE source = ? AND kind < ${FIRST_FINE}`,
};
/** The index by target holds all but the facts. */
const DOWN = {
  all: "SELECT kind, source, owner FROM edge WHERE target = ?",
  coarse: `SELECT kind, source, owner FROM edge WHERE target = ? AND kind < ${FIRST_FINE}`,
};
const FACTS = "SELECT facts FROM edge WHERE source = ? AND kind = ? AND target = ? AND owner = ?";
const GAP =
  "SELECT at.key, gap.why, gap.effect FROM gap JOIN node at ON at.id = gap.node JOIN node owner ON owner.id = gap.owner WHERE";
const FINE_KINDS = [NODE_KINDS.indexOf("file"), NODE_KINDS.indexOf("datum")].join(",");

/** The index by row numbers: for walks, which go over many rows and want few of them as nodes. */
export class Rows {
  readonly #index: IndexDatabase;
  readonly #known = new Map<number, Row>();

  constructor(index: IndexDatabase) {
    this.#index = index;
  }

  find(urn: Urn): Row | undefined {
    const found = this.#index.tuple<readonly [...NodeColumns, number]>(
      `SELECT ${NODE_COLUMNS}, id FROM node WHERE key = ?`,
      keyOf(urn),
    );
    return found === undefined ? undefined : toRow(found[7], found);
  }

  at(id: number): Row {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const found = this.#index.tuple<NodeColumns>(`SELECT ${NODE_COLUMNS} FROM node WHERE id = ?`, id);
    if (found === undefined) throw new Error(`the index has an edge to row ${id}, and no such row`);
    const row = toRow(id, found);
    this.#known.set(id, row);
    return row;
  }

  /** The edges that leave a row; without those to files and datums when `reach` says so. */
  up(id: number, reach: Reach = "all"): readonly RowLink[] {
    const rows = this.#index.tuples<readonly [number, number, string | null]>(UP[reach], id);
    return unique(rows.map(([code, target, facts]) => ({ kind: kindOf(code), to: this.at(target), facts })));
  }

  /** The edges that reach a row; without those from files and datums when `reach` says so. */
  down(id: number, reach: Reach = "all"): readonly RowLink[] {
    const rows = this.#index.tuples<readonly [number, number, number]>(DOWN[reach], id);
    return unique(
      rows.map(([code, source, owner]) => {
        const facts = hasFacts(code) ? this.#index.tuple<readonly [string]>(FACTS, source, code, id, owner)?.[0] : undefined;
        return { kind: kindOf(code), to: this.at(source), facts: facts ?? null };
      }),
    );
  }

  /** What is noted at a row, but for what files and datums note there of themselves; and what a file or datum notes anywhere. */
  gapsOf({ id, kind }: Row): readonly GapRow[] {
    const isFine = kind === "file" || kind === "datum";
    const rows = this.#index.tuples<readonly [string, string, GapRow["effect"]]>(
      `${GAP} gap.node = ? AND owner.kind NOT IN (${FINE_KINDS}) ORDER BY gap.why`,
      id,
    );
    const own = isFine ? this.#index.tuples<(typeof rows)[number]>(`${GAP} gap.owner = ? ORDER BY gap.why, at.key`, id) : [];
    return [...rows, ...own].map(([at, why, effect]) => ({ at, why, effect }));
  }

  /** True when nothing is noted anywhere, so that nobody has to look. */
  hasGaps(): boolean {
    return this.#index.tuple<readonly [number]>("SELECT EXISTS(SELECT 1 FROM gap)")?.[0] === 1;
  }
}

export function recordOf({ columns }: Row): NodeRecord {
  return toRecord(columns);
}

function toRow(id: number, columns: readonly [...NodeColumns, ...number[]]): Row {
  const key = columns[0];
  return {
    id,
    key,
    urn: urnOf(key),
    kind: NODE_KINDS[columns[1]] ?? "batch",
    isNamed: columns[2] === 0,
    isAttempt: (columns[5] & IS_ATTEMPT) !== 0,
    since: columns[3],
    gone: columns[4],
    columns,
  };
}

/** What several say of one edge is one edge, with what one of them says on it. */
function unique(links: readonly RowLink[]): readonly RowLink[] {
  if (new Set(links.map(({ to }) => to.id)).size === links.length) return links;
  const once = new Map<string, RowLink>();
  for (const link of links) {
    const key = `${link.kind} ${link.to.id}`;
    const known = once.get(key);
    if (known === undefined || (link.facts ?? "") > (known.facts ?? "")) once.set(key, link);
  }
  return [...once.values()];
}
