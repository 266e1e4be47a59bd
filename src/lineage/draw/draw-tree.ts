import { details, fileLines, headline, nameOf } from "../describe.ts";
import type { Edge, EdgeKind, Node } from "../graph.ts";
import { adjacency, bareNode, edgeKey, isMembership, isPlacing } from "../graph.ts";
import type { Urn } from "../urn.ts";
import type { Direction, Trace } from "../answer.ts";
import { concludingLines } from "./words.ts";

/** Draws an answer as a tree, the lines ended. The last line says "complete", or what is missing. */
export function drawTree(trace: Trace): string {
  const root = nodeAt(trace, trace.root);
  const directions: readonly Direction[] = trace.direction === "both" ? ["up", "down"] : [trace.direction];
  const lines = [headline(root), ...[...details(root), ...heldRuns(root, trace)].map((line) => `  ${line}`)];
  for (const direction of directions) lines.push(...drawBranches(trace, direction));
  lines.push(...concludingLines(trace.gaps));
  return `${lines.join("\n")}\n`;
}

/** A node that waits to be drawn below another. */
interface Waiting {
  readonly urn: Urn;
  readonly edge: Edge;
  readonly prefix: string;
  readonly isLast: boolean;
}

/** Short side branches first, so that the long way on stands below them. */
const KIND_ORDER: Readonly<Record<EdgeKind, number>> = { of: 0, within: 1, generated: 2, used: 3, derived: 4 };

function drawBranches(trace: Trace, direction: Direction): readonly string[] {
  const neighbours = adjacency(drawnEdges(trace.edges))[direction];
  const other = direction === "up" ? "to" : "from";
  const below = (urn: Urn, prefix: string): readonly Waiting[] => {
    const steps = (neighbours.get(urn) ?? []).filter((edge) => direction === "up" || !isMembership(edge));
    const edges = steps.toSorted((a, b) => KIND_ORDER[a.kind] - KIND_ORDER[b.kind]);
    const members = direction === "down" ? membersOf(trace, urn) : [];
    const next = [...edges, ...members];
    return next.map((edge, index) => ({
      urn: index < edges.length ? edge[other] : edge.to,
      edge,
      prefix,
      isLast: index === next.length - 1,
    }));
  };
  const first = below(trace.root, "");
  if (first.length === 0) return [direction === "up" ? "came from nothing that is recorded" : "led to nothing that is recorded"];
  const lines = [direction === "up" ? "came from" : "led to"];
  const shown = new Set([trace.root]);
  // A stack of our own: a chain of commits may be longer than the language's.
  const stack = first.toReversed();
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const branch = `${next.prefix}${next.isLast ? "└─ " : "├─ "}`;
    const node = nodeAt(trace, next.urn);
    if (shown.has(next.urn)) {
      lines.push(`${branch}${nameOf(node)} (above)`);
      continue;
    }
    shown.add(next.urn);
    const inner = `${next.prefix}${next.isLast ? "   " : "│  "}`;
    const children = below(next.urn, inner);
    const rail = `${inner}${children.length > 0 ? "│ " : "  "}`;
    lines.push(`${branch}${headline(node)}`);
    lines.push(...[...details(node), ...fileLines(next.edge.files), ...heldRuns(node, trace)].map((line) => `${rail}${line}`));
    stack.push(...children.toReversed());
  }
  return lines;
}

/** The files of the folder that was asked for. What came out of it came out of them, though each folder came from its files. */
function membersOf({ edges, root }: Trace, urn: Urn): readonly Edge[] {
  return urn === root ? edges.filter((edge) => edge.from === root && isMembership(edge)) : [];
}

/** Without the edges that say no more than two others do of which one is "within": commit → job beside commit → run → job. */
function drawnEdges(edges: readonly Edge[]): readonly Edge[] {
  const drawn = edges.filter((edge) => !isPlacing(edge));
  const { up, down } = adjacency(drawn);
  const said = new Set<string>();
  for (const { from, to, kind } of drawn) {
    if (kind !== "within") continue;
    for (const upper of up.get(to) ?? []) said.add(edgeKey({ ...upper, from }));
    for (const lower of down.get(from) ?? []) said.add(edgeKey({ ...lower, to }));
  }
  return drawn.filter((edge) => edge.kind === "within" || !said.has(edgeKey(edge)));
}

/** The cards of runs that are not in the answer themselves: a datum that was skipped keeps what an earlier job's run made. */
function heldRuns(node: Node, trace: Trace): readonly string[] {
  if (node.kind !== "commit") return [];
  return (node.runCards ?? [])
    .filter((id) => !trace.nodes.has(`urn:stemma:run:${id}` as Urn))
    .map((id) => `holds the card of run ${id}`);
}

function nodeAt({ nodes }: Trace, urn: Urn): Node {
  return nodes.get(urn) ?? bareNode(urn);
}
