import { nodeToJson } from "../describe.ts";
import { NODE_KINDS } from "../urn.ts";
import { FIRST_FINE, kindOf } from "./edge-code.ts";
import type { LineageIndex } from "./lineage-index.ts";
import type { NodeColumns } from "./record.ts";
import { NODE_COLUMNS, toEdge, toRecord, urnOf } from "./record.ts";

/** Read only when a question needs them, so that what the index holds of them says what was asked. */
const ON_DEMAND = ["file", "datum"].map((kind) => NODE_KINDS.findIndex((known) => known === kind)).join(",");

const NODES = `SELECT ${NODE_COLUMNS} FROM node WHERE kind NOT IN (${ON_DEMAND})
  AND (rank > 0 OR EXISTS(SELECT 1 FROM edge WHERE source = id AND edge.kind < ${FIRST_FINE})
    OR EXISTS(SELECT 1 FROM edge WHERE target = id AND edge.kind < ${FIRST_FINE}) OR EXISTS(SELECT 1 FROM label WHERE target = id))
  ORDER BY key`;
const EDGES = `SELECT a.key, edge.kind & 7 AS code, b.key, max(edge.facts) FROM edge
  JOIN node a ON a.id = edge.source JOIN node b ON b.id = edge.target WHERE edge.kind < ${FIRST_FINE}
  GROUP BY a.key, code, b.key ORDER BY a.key, code, b.key`;
const GAPS = `SELECT DISTINCT at.key, gap.why, gap.effect FROM gap
  JOIN node at ON at.id = gap.node JOIN node owner ON owner.id = gap.owner
  WHERE at.kind NOT IN (${ON_DEMAND}) AND owner.kind NOT IN (${ON_DEMAND}) ORDER BY at.key, gap.why`;
const LABELS = `SELECT scope, name, key FROM label JOIN node ON node.id = label.target WHERE until IS NULL ORDER BY scope, name`;

/**
 * The graph as lines of JSON in one canonical order: nodes, edges, gaps, and where labels point now. Files and datums are left out, and
 * so is when things were seen: the same sources give the same lines, however and whenever they were read.
 */
export function* dump(index: LineageIndex): IterableIterator<string> {
  for (const row of index.prepareTuples(NODES).iterate()) yield line(nodeLine(row as unknown as NodeColumns));
  for (const row of index.prepareTuples(EDGES).iterate()) {
    const [from, code, to, facts] = row as unknown as EdgeColumns;
    yield line(toEdge({ from: urnOf(from), to: urnOf(to), kind: kindOf(code) }, facts));
  }
  for (const [at, why, effect] of index.tuples<readonly string[]>(GAPS)) yield line({ gap: urnOf(at ?? ""), why, effect });
  for (const [scope, name, key] of index.tuples<readonly string[]>(LABELS)) yield line({ scope, name, target: urnOf(key ?? "") });
}

type EdgeColumns = readonly [from: string, code: number, to: string, facts: string | null];

function nodeLine(row: NodeColumns): object {
  const { node, rank, since, gone, attempt } = toRecord(row);
  const { gone: _, ...facts } = nodeToJson(node);
  return { ...facts, rank, since, gone: gone === undefined ? undefined : true, attempt };
}

function line(value: object): string {
  return `${JSON.stringify(value, sortedKeys)}\n`;
}

/** What servers list in any order. */
function sortedKeys(_: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
