import type { StatementSync } from "node:sqlite";
import type { Edge } from "../graph.ts";
import { edgeCode } from "./edge-code.ts";
import type { IndexDatabase } from "./index-database.ts";
import type { NodeWriter } from "./node-writer.ts";

type EdgeRow = readonly [source: number, code: number, target: number, facts: string | null];

const INSERT = "INSERT OR REPLACE INTO edge(source, kind, target, owner, facts) VALUES(?, ?, ?, ?, ?)";
const DELETE = "DELETE FROM edge WHERE source = ? AND kind = ? AND target = ? AND owner = ?";
const OWN = "SELECT source, kind, target, facts FROM edge WHERE source = ?1 AND owner = ?1";
const OF_OTHERS = "SELECT source, kind, target, facts FROM edge WHERE owner = ?1 AND owner <> source";

/** The edges of statements. */
export class EdgeWriter {
  readonly #nodes: NodeWriter;
  readonly #index: IndexDatabase;
  readonly #insert: StatementSync;

  constructor(index: IndexDatabase, nodes: NodeWriter) {
    this.#index = index;
    this.#nodes = nodes;
    this.#insert = index.prepared(INSERT);
  }

  add(owner: number, { from, to, kind, files }: Edge): void {
    const code = edgeCode(from, kind, to, files !== undefined);
    const facts = files === undefined ? null : JSON.stringify(files);
    this.#insert.run(this.#nodes.id(from), code, this.#nodes.id(to), owner, facts);
  }

  /** Makes these all the edges that an owner has, and writes only what differs. */
  replace(owner: number, edges: readonly Edge[]): void {
    const old = new Map([...this.#rows(OWN, owner), ...this.#rows(OF_OTHERS, owner)].map((row) => [keyOf(row), row]));
    for (const edge of edges) {
      const row = this.#toRow(edge);
      const known = old.get(keyOf(row));
      if (known === undefined || known[3] !== row[3]) this.add(owner, edge);
      old.delete(keyOf(row));
    }
    for (const [source, code, target] of old.values()) this.#index.prepared(DELETE).run(source, code, target, owner);
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
