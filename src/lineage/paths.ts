import type { Closure } from "./closure.ts";
import { closureOf } from "./closure-of.ts";
import type { Graph, Node } from "./graph.ts";
import type { LineageIndex } from "./store/lineage-index.ts";
import { edgeOf } from "./store/row.ts";
import type { Urn } from "./urn.ts";
import { parseUrn } from "./urn.ts";
import type { Expander, Gap, WalkOptions } from "./answer.ts";
import { concluded } from "./answer.ts";
import { countWays, shortestWay, stepsToward } from "./ways.ts";

/** All ways from a thing to one that it came from, as the graph that they make up. Empty when there is none. */
export interface Ways extends Graph {
  /** The later of the two. */
  readonly from: Urn;
  readonly to: Urn;
  readonly complete: boolean;
  readonly gaps: readonly Gap[];
  /** The things on a way with the fewest steps, both ends included. */
  readonly shortest: readonly Urn[];
  /** How many ways there are. Where the graph has cycles, of those that do not go back. */
  readonly count: bigint;
}

/** The ways between two things, whichever of them came from the other. Throws NOT_FOUND. */
export async function paths(
  index: LineageIndex,
  from: Urn,
  to: Urn,
  options: Pick<WalkOptions, "level" | "asOf" | "attempts"> = {},
  expander?: Expander,
): Promise<Ways> {
  const level = options.level ?? levelBetween(from, to);
  const gaps: Gap[] = [];
  // Down finds what up does not where one end is a whole commit, and the ways go through its files.
  for (const [start, end, direction] of [
    [from, to, "up"],
    [to, from, "down"],
    [to, from, "up"],
    [from, to, "down"],
  ] as const) {
    const closure = await closureOf(index, start, { ...options, level, direction }, expander);
    const found = [...closure.rows.values()].find(({ urn }) => urn === end);
    if (found !== undefined) return waysIn(closure, found.id);
    gaps.push(...closure.gaps);
  }
  return { from, to, nodes: new Map(), edges: [], shortest: [], count: 0n, ...concluded(gaps) };
}

const FINE: ReadonlySet<string> = new Set(["file", "datum"]);

/** Among files when one end is one, or the later end is a run, which knows its datum. */
function levelBetween(from: Urn, to: Urn): "file" | "commit" {
  const [later, earlier] = [parseUrn(from).kind, parseUrn(to).kind];
  return FINE.has(later) || later === "run" || FINE.has(earlier) ? "file" : "commit";
}

function waysIn(closure: Closure, end: number): Ways {
  const start = closure.root.id;
  const steps = stepsToward(closure.steps, start, end);
  const onWay = new Set([start, end, ...steps.flatMap(({ from, to }) => [from.id, to.id])]);
  const nodes = new Map<Urn, Node>();
  for (const row of closure.rows.values()) if (onWay.has(row.id)) nodes.set(row.urn, row.node);
  const way = shortestWay(steps, start, end).map((id) => closure.rows.get(id)?.urn ?? closure.root.urn);
  const shortest = closure.options.direction === "up" ? way : way.toReversed();
  return {
    from: shortest[0] ?? closure.root.urn,
    to: shortest.at(-1) ?? closure.root.urn,
    nodes,
    edges: steps.map(edgeOf),
    shortest,
    count: countWays(steps, start, end),
    ...concluded(closure.gaps),
  };
}
