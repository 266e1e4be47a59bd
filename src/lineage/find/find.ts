import type { LineageIndex, NodeRecord } from "../store/lineage-index.ts";
import type { Urn } from "../urn.ts";
import { formatUrn } from "../urn.ts";
import { isTrueOf } from "./evaluate.ts";
import type { Expression } from "./expression.ts";
import { possibleKinds } from "./possible-kinds.ts";

export interface Found {
  /** Newest first, then by URN; what has no time is last. */
  readonly records: readonly NodeRecord[];
  /** How many there are, with those beyond the limit. */
  readonly total: number;
}

interface Ranked {
  readonly record: NodeRecord;
  readonly timeMs: number;
  readonly urn: Urn;
}

/** The things of which an expression holds, at most so many if a limit is given. Holds no more of them in memory than that, and as many again. */
export function find(index: LineageIndex, expression: Expression, limit = Number.POSITIVE_INFINITY): Found {
  let best: Ranked[] = [];
  let total = 0;
  for (const record of index.records(possibleKinds(expression))) {
    if (!isTrueOf(expression, record)) continue;
    total += 1;
    best.push({ record, timeMs: timeOf(record), urn: formatUrn(record.node) });
    if (best.length >= 2 * limit) best = newest(best, limit);
  }
  return { records: newest(best, limit).map(({ record }) => record), total };
}

function newest(ranked: readonly Ranked[], limit: number): Ranked[] {
  const sorted = ranked.toSorted((a, b) => (a.timeMs === b.timeMs ? (a.urn < b.urn ? -1 : 1) : a.timeMs > b.timeMs ? -1 : 1));
  return sorted.slice(0, limit);
}

function timeOf({ node, since }: NodeRecord): number {
  return (node.time ?? since)?.getTime() ?? Number.NEGATIVE_INFINITY;
}
