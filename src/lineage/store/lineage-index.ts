import type { Edge } from "../graph.ts";
import type { NodeKind, Urn } from "../urn.ts";
import { NODE_KINDS } from "../urn.ts";
import type { Gap } from "../answer.ts";
import { kindOf } from "./edge-code.ts";
import { IndexWriter } from "./index-writer.ts";
import { IndexDatabase } from "./index-database.ts";
import { orDamaged } from "./open-sqlite.ts";
import type { NodeColumns, NodeRecord, Statement } from "./record.ts";
import { NODE_COLUMNS, keyOf, toEdge, toRecord, urnOf } from "./record.ts";
import { edgeOf } from "./row.ts";
import type { Direction } from "../answer.ts";
import { Rows } from "./rows.ts";

export type { NodeRecord, Statement } from "./record.ts";

/** What points at a node for a while. `until` is when it was seen to point elsewhere. */
export interface Label {
  /** `branch:<project>/<repo>`, `alias:<model>` or `stage:<model>`. */
  readonly scope: string;
  readonly name: string;
  readonly target: Urn;
  readonly since: Date;
  readonly until: Date | undefined;
}

type EdgeColumns = readonly [from: string, code: number, to: string, facts: string | null];

const EDGES =
  "SELECT a.key, edge.kind, b.key, edge.facts FROM edge JOIN node a ON a.id = source JOIN node b ON b.id = target WHERE";
const OWN_EDGES = `${EDGES} source = ?1 AND owner = ?1`;
const EDGES_OF_OTHERS = `${EDGES} owner = ?1 AND owner <> source`;
const OWN_GAPS = "SELECT key, why, effect FROM gap JOIN node ON id = gap.node WHERE owner = ?";

/**
 * The graph as an index in one SQLite file: what the sources said when they were last asked. It holds nothing that they, or its own
 * predecessor, could not say again. Reading is synchronous.
 */
export class LineageIndex extends IndexDatabase {
  #writer: IndexWriter | undefined;

  /** All of `work` happens, or none of it. */
  write<Result>(work: (writer: IndexWriter) => Result): Result {
    this.#writer ??= new IndexWriter(this);
    try {
      const writer = this.#writer;
      return this.transaction("BEGIN IMMEDIATE", () => work(writer));
    } catch (error) {
      // It remembers rows that are there no more.
      this.#writer = undefined;
      throw error;
    }
  }

  record(urn: Urn): NodeRecord | undefined {
    const row = this.tuple<NodeColumns>(`SELECT ${NODE_COLUMNS} FROM node WHERE key = ?`, keyOf(urn));
    return row === undefined ? undefined : toRecord(row);
  }

  /** What was said of a node when it was last said, with all the edges and gaps that it owns. */
  statement(urn: Urn): Statement | undefined {
    const record = this.record(urn);
    if (record === undefined) return undefined;
    const owner = this.tuple<readonly [number]>("SELECT id FROM node WHERE key = ?", keyOf(urn))?.[0] ?? 0;
    const edges = [...this.tuples<EdgeColumns>(OWN_EDGES, owner), ...this.tuples<EdgeColumns>(EDGES_OF_OTHERS, owner)];
    const gaps = this.tuples<readonly [string, string, Gap["effect"]]>(OWN_GAPS, owner);
    return {
      ...record,
      edges: edges.map(([from, code, to, facts]) => toEdge({ from: urnOf(from), to: urnOf(to), kind: kindOf(code) }, facts)),
      gaps: gaps.map(([at, why, effect]) => ({ at: urnOf(at), why, effect })),
    };
  }

  /** All nodes, or those of some kinds, in the order of their URNs. */
  *records(kinds: readonly NodeKind[] = NODE_KINDS): IterableIterator<NodeRecord> {
    for (const kind of [...kinds].sort()) yield* this.recordsBeginning(`${kind}:`);
  }

  /** The nodes whose URN, without `urn:stemma:`, begins with this text: `run:3f1c`, `commit:default/raw_data@`. */
  *recordsBeginning(prefix: string): IterableIterator<NodeRecord> {
    const rows = this.prepareTuples(`SELECT ${NODE_COLUMNS} FROM node WHERE key >= ? AND key < ? ORDER BY key`).iterate(
      prefix,
      `${prefix}\u{10FFFF}`,
    );
    for (let row = orDamaged(() => rows.next()); row.done !== true; row = orDamaged(() => rows.next()))
      yield toRecord(row.value as unknown as NodeColumns);
  }

  /** The edges that leave a node, to what it came from. */
  edgesUp(urn: Urn): readonly Edge[] {
    return this.#edges(urn, "up");
  }

  /** The edges that reach a node, from what came of it. */
  edgesDown(urn: Urn): readonly Edge[] {
    return this.#edges(urn, "down");
  }

  /** What is noted at a node of how far its edges reach. */
  gaps(urn: Urn): readonly Gap[] {
    const rows = this.all<Pick<Gap, "why" | "effect">>(
      "SELECT DISTINCT why, effect FROM gap JOIN node ON node.id = gap.node WHERE key = ? ORDER BY why",
      keyOf(urn),
    );
    return rows.map(({ why, effect }) => ({ at: urn, why, effect }));
  }

  /** What points, or pointed, at a node; or all of a scope. Oldest first. */
  labels(of: { readonly target: Urn } | { readonly scope: string }): readonly Label[] {
    const sql = `SELECT scope, name, label.since, until, key FROM label JOIN node ON node.id = label.target WHERE`;
    const rows =
      "target" in of
        ? this.all<LabelRow>(`${sql} key = ? ORDER BY label.since, scope, name`, keyOf(of.target))
        : this.all<LabelRow>(`${sql} scope = ? ORDER BY label.since, name`, of.scope);
    return rows.map(({ scope, name, since, until, key }) => ({
      scope,
      name,
      target: urnOf(key),
      since: new Date(since),
      until: until === null ? undefined : new Date(until),
    }));
  }

  #edges(urn: Urn, direction: Direction): readonly Edge[] {
    const rows = new Rows(this);
    const own = rows.find(urn);
    if (own === undefined) return [];
    const edges = (rows.links([own], direction).get(own.id) ?? []).map(edgeOf);
    return edges.sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
  }
}

interface LabelRow {
  readonly scope: string;
  readonly name: string;
  readonly since: number;
  readonly until: number | null;
  readonly key: string;
}

function textOf({ from, kind, to }: Edge): string {
  return `${kind} ${from} ${to}`;
}
