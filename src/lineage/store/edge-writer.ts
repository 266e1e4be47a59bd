import type { Edge } from "../graph.ts";
import { edgeCode } from "./edge-code.ts";
import type { IndexDatabase } from "./index-database.ts";
import type { NodeWriter } from "./node-writer.ts";

type EdgeRow = readonly [source: number, code: number, target: number, facts: string | null];

const INSERT = "INSERT OR REPLACE INTO edge(source, kind, target, owner, facts) VALUES";
/** So many at most are written by one statement. */
const MOST_AT_ONCE = 8;
const DELETE = "DELETE FROM edge WHERE source = ? AND kind = ? AND target = ? AND owner = ?";
const OWN = "SELECT source, kind, target, facts FROM edge WHERE source = ?1 AND owner = ?1";
const OF_OTHERS = "SELECT source, kind, target, facts FROM edge WHERE owner = ?1 AND owner <> source";

/** By the number of rows. */
const INSERTS = Array.from(
  { length: MOST_AT_ONCE + 1 },
  (_, rows) => INSERT + " (?, ?, ?, ?, ?)".repeat(rows).replaceAll(") (", "), ("),
);

/** The edges of statements. */
export class EdgeWriter {
  readonly #nodes: NodeWriter;
  readonly #index: IndexDatabase;

  constructor(index: IndexDatabase, nodes: NodeWriter) {
    this.#index = index;
    this.#nodes = nodes;
  }

  add(owner: number, edges: readonly Edge[]): void {
    this.#insert(
      owner,
      edges.map((edge) => this.#toRow(edge)),
    );
  }

  /** Makes these all the edges that an owner has, and writes only what differs. */
  replace(owner: number, edges: readonly Edge[]): void {
    const old = new Map([...this.#rows(OWN, owner), ...this.#rows(OF_OTHERS, owner)].map((row) => [keyOf(row), row]));
    const news: EdgeRow[] = [];
    for (const row of edges.map((edge) => this.#toRow(edge))) {
      const known = old.get(keyOf(row));
      if (known === undefined || known[3] !== row[3]) news.push(row);
      old.delete(keyOf(row));
    }
    this.#insert(owner, news);
    for (const [source, code, target] of old.values()) this.#index.prepared(DELETE).run(source, code, target, owner);
  }

  #insert(owner: number, rows: readonly EdgeRow[]): void {
    for (let begin = 0; begin < rows.length; begin += MOST_AT_ONCE) {
      const some = rows.slice(begin, begin + MOST_AT_ONCE);
      const values: (string | number | null)[] = [];
      for (const [source, code, target, facts] of some) values.push(source, code, target, owner, facts);
      this.#index.prepared(INSERTS[some.length] ?? "").run(...values);
    }
  }

  #rows(sql: string, owner: number): readonly EdgeRow[] {
    return this.#index.tuples<EdgeRow>(sql, owner);
  }

  #toRow({ from, to, kind, files }: Edge): EdgeRow {
    const code = edgeCode(from, kind, to, files !== undefined);
    return [this.#nodes.id(from), code, this.#nodes.id(to), files === undefined ? null : JSON.stringify(files)];
  }
}

function keyOf([source, code, target]: EdgeRow): string {
  return `${source} ${code} ${target}`;
}
