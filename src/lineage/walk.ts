import type { Direction, Expander, Trace, WalkOptions } from "./answer.ts";
import { concluded } from "./answer.ts";
import type { Closure } from "./closure.ts";
import { closureOf } from "./closure-of.ts";
import type { Node } from "./graph.ts";
import { edgeKey } from "./graph.ts";
import { onlyKinds } from "./only-kinds.ts";
import type { LineageIndex } from "./store/lineage-index.ts";
import { edgeOf } from "./store/row.ts";
import type { NodeKind, Urn } from "./urn.ts";

/** Everything above or below a node, or both: breadth first, each level in the order of the URNs. Throws NOT_FOUND. */
export async function walk(index: LineageIndex, root: Urn, options: WalkOptions, expander?: Expander): Promise<Trace> {
  if (options.direction !== "both") return walkOneWay(index, root, options.direction, options, expander);
  const up = await walkOneWay(index, root, "up", options, expander);
  return mergeTraces(up, await walkOneWay(index, root, "down", options, expander));
}

/** The answer in both directions, from the answers in each. Both begin at the same node. */
function mergeTraces(up: Trace, down: Trace): Trace {
  const edges = new Map([...up.edges, ...down.edges].map((edge) => [edgeKey(edge), edge]));
  return {
    root: up.root,
    direction: "both",
    nodes: new Map([...down.nodes, ...up.nodes]),
    edges: [...edges.values()],
    ...concluded([...up.gaps, ...down.gaps]),
  };
}

async function walkOneWay(
  index: LineageIndex,
  root: Urn,
  direction: Direction,
  options: WalkOptions,
  expander: Expander | undefined,
): Promise<Trace> {
  return toTrace(await closureOf(index, root, { ...options, direction }, expander), options.kinds);
}

function toTrace(closure: Closure, kinds: readonly NodeKind[] | undefined): Trace {
  const { rows, edges } =
    kinds === undefined ? { rows: closure.rows, edges: closure.steps.map(edgeOf) } : onlyKinds(closure, kinds);
  const nodes = new Map<Urn, Node>();
  for (const row of rows.values()) nodes.set(row.urn, row.node);
  return { root: closure.root.urn, direction: closure.options.direction, nodes, edges, ...concluded(closure.gaps) };
}
