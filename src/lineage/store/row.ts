import type { Edge, EdgeKind, Node } from "../graph.ts";
import type { NodeKind, Urn } from "../urn.ts";
import { NODE_KINDS } from "../urn.ts";
import { IS_ATTEMPT, PREFIX, toEdge, toNode } from "./record.ts";

/** What of a node's row a walk reads. */
export type RowColumns = readonly [
  id: number,
  urn: Urn,
  kind: number,
  rank: number,
  since: number | null,
  gone: number | null,
  flags: number,
  facts: string | null,
];
export const ROW_COLUMNS = `id, '${PREFIX}' || key, kind, rank, since, gone, flags, facts`;

/** A node as the index holds it, with what a walk decides by. */
export class Row {
  readonly id: number;
  readonly urn: Urn;
  readonly kind: NodeKind;
  /** True when others mention it and nobody says what it is. */
  readonly isNamed: boolean;
  readonly isAttempt: boolean;
  /** Milliseconds since 1970. */
  readonly since: number | null;
  readonly gone: number | null;
  #facts: string | null;
  #node: Node | undefined;

  constructor([id, urn, kind, rank, since, gone, flags, facts]: RowColumns) {
    this.id = id;
    this.urn = urn;
    this.kind = NODE_KINDS[kind] ?? "batch";
    this.isNamed = rank === 0;
    this.isAttempt = (flags & IS_ATTEMPT) !== 0;
    this.since = since;
    this.gone = gone;
    this.#facts = facts;
  }

  /** With all that is known of it, which is read when it is first asked for. */
  get node(): Node {
    this.#node ??= toNode(this.urn, this.kind, this.#facts, this);
    this.#facts = null;
    return this.#node;
  }
}

/** An edge as seen from one of its ends. */
export interface RowLink {
  readonly kind: EdgeKind;
  readonly from: Row;
  /** True when the edge points from `from` to `to`; false the other way round. */
  readonly up: boolean;
  /** The row at the other end. */
  readonly to: Row;
  /** What is said on the edge, as JSON. */
  readonly facts: string | null;
}

/** The edge that a link is, as it is in the graph. */
export function edgeOf({ from, to, up, kind, facts }: RowLink): Edge {
  return toEdge(up ? { from: from.urn, to: to.urn, kind } : { from: to.urn, to: from.urn, kind }, facts);
}
