import type { Gap } from "../answer.ts";
import type { Edge, Node } from "../graph.ts";
import type { NodeKind, Urn } from "../urn.ts";
import { NODE_KINDS } from "../urn.ts";
import { decodeFacts } from "./facts.ts";
import { identityOf } from "./identity.ts";

/**
 * Who speaks of a node. "named": another thing mentions it. "told": another thing says what it is, as a run card does of its run.
 * "source": the system that it belongs to. A higher one's word replaces a lower one's, and not the other way.
 */
export type Rank = "named" | "told" | "source";
export const RANKS: readonly Rank[] = ["named", "told", "source"];

/** A node with what the index knows beside it. */
export interface NodeRecord {
  readonly node: Node;
  readonly rank: Rank;
  /** When it began to be: for questions about the past. */
  readonly since?: Date | undefined;
  /** When it was seen to be gone. What it was and was linked to stays. */
  readonly gone?: Date | undefined;
  /** A try that another one replaced: a superseded run, a failed run whose datum succeeded later. */
  readonly attempt?: boolean | undefined;
}

/** All that one source says of one thing: its edges and gaps replace those of what the source said of it before. */
export interface Statement extends NodeRecord {
  /** Any edges, whatever their ends. */
  readonly edges: readonly Edge[];
  readonly gaps?: readonly Gap[] | undefined;
}

/** A node's row: its columns but the number. */
export type NodeColumns = readonly [
  key: string,
  kind: number,
  rank: number,
  since: number | null,
  gone: number | null,
  flags: number,
  facts: string | null,
];
export const NODE_COLUMNS = "key, kind, rank, since, gone, flags, facts";

export const IS_ATTEMPT = 1;
/** Set when it has been the node of a statement, so that it may own edges. */
export const IS_SAID = 2;

/** How every URN begins. A row has what follows it. */
export const PREFIX = "urn:stemma:";

export function keyOf(urn: Urn): string {
  return urn.slice(PREFIX.length);
}

export function urnOf(key: string): Urn {
  return `${PREFIX}${key}` as Urn;
}

export function toRecord([key, kind, rank, since, gone, flags, facts]: NodeColumns): NodeRecord {
  const isAttempt = (flags & IS_ATTEMPT) !== 0;
  return {
    node: toNode(urnOf(key), NODE_KINDS[kind], facts, { gone, isAttempt }),
    rank: RANKS[rank] ?? "named",
    ...(since === null ? {} : { since: new Date(since) }),
    ...(gone === null ? {} : { gone: new Date(gone) }),
    ...(isAttempt ? { attempt: true } : {}),
  };
}

/** A node, from what its row says. */
export function toNode(
  urn: Urn,
  kind: NodeKind | undefined,
  facts: string | null,
  { gone, isAttempt }: { readonly gone: number | null; readonly isAttempt: boolean },
): Node {
  const node: Node = Object.assign(identityOf(urn, kind), facts === null ? undefined : decodeFacts(facts));
  if (gone === null && !isAttempt) return node;
  return { ...node, ...(gone === null ? {} : { gone: new Date(gone) }), ...(isAttempt ? { attempt: true } : {}) };
}

/** An edge with what is said on it. */
export function toEdge(edge: Edge, facts: string | null): Edge {
  return facts === null ? edge : { ...edge, files: toFiles(facts) };
}

/** What is said on an edge, from its column. */
export function toFiles(facts: string): NonNullable<Edge["files"]> {
  return JSON.parse(facts) as NonNullable<Edge["files"]>;
}
