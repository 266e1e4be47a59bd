import type { Direction, Gap } from "../answer.ts";
import type { Urn } from "../urn.ts";
import { NODE_KINDS } from "../urn.ts";
import { FIRST_FINE, WITH_FACTS, kindOf } from "./edge-code.ts";
import type { IndexDatabase } from "./index-database.ts";
import { PREFIX, keyOf } from "./record.ts";
import type { RowColumns, RowLink } from "./row.ts";
import { ROW_COLUMNS, Row } from "./row.ts";

/** "coarse": without what links to files and datums. */
export type Reach = "all" | "coarse";

type LinkColumns = readonly [from: number, code: number, to: number, facts: string | null];
type GapColumns = readonly [id: number, at: Urn, why: string, effect: Gap["effect"]];

/** The rows whose numbers a JSON list has: one statement for many costs a tenth of one for each. */
const EACH = "FROM (SELECT value AS number FROM json_each(?)) CROSS JOIN";
const NODES = `SELECT ${ROW_COLUMNS} ${EACH} node ON id = number`;
/** The index by target holds all but the facts. */
const LINKS: Readonly<Record<Direction, string>> = {
  up: `SELECT source, kind, target, facts ${EACH} edge ON source = number`,
  down: `SELECT target, kind, source, CASE WHEN kind & ${WITH_FACTS} THEN (SELECT same.facts FROM edge same WHERE same.source = edge.source
    AND same.kind = edge.kind AND same.target = edge.target AND same.owner = edge.owner) END ${EACH} edge ON target = number`,
};
const NAMED_GAPS = `'${PREFIX}' || at.key, gap.why, gap.effect`;
const GAP_ENDS = "JOIN node at ON at.id = gap.node JOIN node owner ON owner.id = gap.owner";
const FINE_KINDS = [NODE_KINDS.indexOf("file"), NODE_KINDS.indexOf("datum")].join(",");
const GAPS_AT = `SELECT gap.node, ${NAMED_GAPS} ${EACH} gap ON gap.node = number ${GAP_ENDS}
  WHERE owner.kind NOT IN (${FINE_KINDS}) ORDER BY gap.why`;
const GAPS_OF = `SELECT gap.owner, ${NAMED_GAPS} ${EACH} gap ON gap.owner = number ${GAP_ENDS}
  WHERE owner.kind IN (${FINE_KINDS}) ORDER BY gap.why, at.key`;

/** The index by row numbers: for walks, which go over many rows and want few of them as nodes. */
export class Rows {
  readonly #index: IndexDatabase;
  readonly #known = new Map<number, Row>();

  constructor(index: IndexDatabase) {
    this.#index = index;
  }

  find(urn: Urn): Row | undefined {
    const found = this.#index.tuple<readonly [number]>("SELECT id FROM node WHERE key = ?", keyOf(urn));
    return found === undefined ? undefined : this.at(found[0]);
  }

  at(id: number): Row {
    this.know([id]);
    return this.#row(id);
  }

  /** Reads the rows with these numbers that were not read yet. */
  know(ids: Iterable<number>): void {
    const unknown = new Set<number>();
    for (const id of ids) if (!this.#known.has(id)) unknown.add(id);
    if (unknown.size === 0) return;
    for (const columns of this.#index.tuples<RowColumns>(NODES, listOf(unknown))) this.#known.set(columns[0], new Row(columns));
  }

  /** The edges that leave each of some rows (up), or reach it (down). */
  links(rows: readonly Row[], direction: Direction, reach: Reach = "all"): ReadonlyMap<number, readonly RowLink[]> {
    const sql = reach === "all" ? LINKS[direction] : `${LINKS[direction]} AND kind < ${FIRST_FINE}`;
    const found = this.#index.tuples<LinkColumns>(sql, listOf(rows.map(({ id }) => id)));
    this.know(found.map(([, , to]) => to));
    const links = new Map<number, RowLink[]>();
    for (const row of rows) {
      this.#known.set(row.id, row);
      links.set(row.id, []);
    }
    const up = direction === "up";
    for (const [from, code, to, facts] of found)
      links.get(from)?.push({ kind: kindOf(code), from: this.#row(from), up, to: this.#row(to), facts });
    for (const [id, own] of links) if (isRepeated(own)) links.set(id, unique(own));
    return links;
  }

  /** What is noted at each of some rows, but for what files and datums note there of themselves; and what a file or datum notes anywhere. */
  gaps(rows: readonly Row[]): ReadonlyMap<number, readonly Gap[]> {
    const ids = listOf(rows.map(({ id }) => id));
    const found = [...this.#index.tuples<GapColumns>(GAPS_AT, ids), ...this.#index.tuples<GapColumns>(GAPS_OF, ids)];
    const gaps = new Map<number, Gap[]>();
    for (const [id, at, why, effect] of found) {
      const own = gaps.get(id);
      if (own === undefined) gaps.set(id, [{ at, why, effect }]);
      else own.push({ at, why, effect });
    }
    return gaps;
  }

  /** True when nothing is noted anywhere, so that nobody has to look. */
  hasGaps(): boolean {
    return this.#index.tuple<readonly [number]>("SELECT EXISTS(SELECT 1 FROM gap)")?.[0] === 1;
  }

  #row(id: number): Row {
    const row = this.#known.get(id);
    if (row === undefined) throw new Error(`the index has an edge to row ${id}, and no such row`);
    return row;
  }
}

function listOf(ids: Iterable<number>): string {
  return `[${[...ids].join()}]`;
}

/** Most rows have two or three links, where looking at each pair is quickest. */
function isRepeated(links: readonly RowLink[]): boolean {
  if (links.length > 4) return new Set(links.map(({ to }) => to.id)).size < links.length;
  for (let at = 1; at < links.length; at += 1)
    for (let before = 0; before < at; before += 1) if (links[before]?.to === links[at]?.to) return true;
  return false;
}

/** What several say of one edge is one edge, with what one of them says on it. */
function unique(links: readonly RowLink[]): RowLink[] {
  const once = new Map<string, RowLink>();
  for (const link of links) {
    const key = `${link.kind} ${link.to.id}`;
    const known = once.get(key);
    if (known === undefined || (link.facts ?? "") > (known.facts ?? "")) once.set(key, link);
  }
  return [...once.values()];
}
