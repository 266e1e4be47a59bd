import { StemmaError } from "./errors.ts";
import type { Edge, Graph, Node } from "./graph.ts";
import { adjacency, bareNode, edgeKey, isPlacing } from "./graph.ts";
import type { Urn } from "./urn.ts";
import { formatUrn } from "./urn.ts";

export type Direction = "up" | "down";

/** Something that a reader has to know about how far an answer reaches. */
export interface Gap {
  readonly at: Urn;
  /** A clause without an end: "MLflow cannot be reached". */
  readonly why: string;
  /** "missing": there may be more than is shown. "wider": nothing is missing, but a whole commit stands for some of its files. */
  readonly effect: "missing" | "wider";
}

/** The answer to "what did this come from" (up) and "what came out of it" (down). */
export interface Trace extends Graph {
  readonly root: Urn;
  readonly direction: Direction | "both";
  readonly complete: boolean;
  readonly gaps: readonly Gap[];
}

export interface Neighbour {
  readonly edge: Edge;
  /** The edge's other end. */
  readonly node: Node;
}

export interface Step {
  readonly neighbours: readonly Neighbour[];
  readonly gaps: readonly Gap[];
}

/** Where nodes and edges come from: servers that are asked, an index, or a graph in memory. */
export interface LineageSource {
  /** What is directly above a node: what it came from. */
  readonly up: (node: Node) => Promise<Step>;
  /** What is directly below: what came from it. */
  readonly down: (node: Node) => Promise<Step>;
}

/** Enough to keep a remote source busy, few enough not to flood it. */
const AT_ONCE = 8;

/** Everything above or below a node, breadth first, each node once. A step that fails is a gap, not the end of the walk. */
export async function walk(
  source: LineageSource,
  start: Node,
  options: { readonly direction: Direction; readonly maxDepth?: number | undefined },
): Promise<Trace> {
  const found = new Found(start);
  const maxDepth = options.maxDepth ?? Number.POSITIVE_INFINITY;
  let level: readonly Node[] = [start];
  for (let depth = 0; level.length > 0 && depth <= maxDepth; depth += 1) {
    const next: Node[] = [];
    for (let at = 0; at < level.length; at += AT_ONCE) {
      const nodes = level.slice(at, at + AT_ONCE);
      const steps = await Promise.all(nodes.map((node) => stepFrom(source, node, options.direction)));
      for (const [index, step] of steps.entries()) {
        found.note(step.gaps);
        for (const neighbour of step.neighbours) {
          if (depth < maxDepth || isPlacing(neighbour.edge) || found.isReached(neighbour.node)) found.add(neighbour, next);
          else found.note(depthLimit(nodes[index] ?? start, maxDepth));
        }
      }
    }
    level = next;
  }
  return found.trace(options.direction);
}

/** The answer in both directions, from the answers in each. Both begin at the same node. */
export function mergeTraces(up: Trace, down: Trace): Trace {
  const edges = new Map([...up.edges, ...down.edges].map((edge) => [edgeKey(edge), edge]));
  return {
    root: up.root,
    direction: "both",
    nodes: new Map([...down.nodes, ...up.nodes]),
    edges: [...edges.values()],
    ...concluded([...up.gaps, ...down.gaps]),
  };
}

/** The gaps, each once, and what follows from them. */
export function concluded(gaps: readonly Gap[]): { readonly complete: boolean; readonly gaps: readonly Gap[] } {
  const once = new Map(gaps.map((gap) => [`${gap.at} ${gap.why}`, gap]));
  return { complete: gaps.every(({ effect }) => effect !== "missing"), gaps: [...once.values()] };
}

/** A graph in memory as a source. */
export function graphSource(graph: Graph): LineageSource {
  const { up, down } = adjacency(graph.edges);
  const node = (urn: Urn): Node => graph.nodes.get(urn) ?? bareNode(urn);
  return {
    up: async (from) => ({
      neighbours: (up.get(formatUrn(from)) ?? []).map((edge) => ({ edge, node: node(edge.to) })),
      gaps: [],
    }),
    down: async (from) => ({
      neighbours: (down.get(formatUrn(from)) ?? [])
        .filter((edge) => !isPlacing(edge))
        .map((edge) => ({ edge, node: node(edge.from) })),
      gaps: [],
    }),
  };
}

async function stepFrom(source: LineageSource, node: Node, direction: Direction): Promise<Step> {
  try {
    return await source[direction](node);
  } catch (error) {
    if (!(error instanceof StemmaError)) throw error;
    return { neighbours: [], gaps: [{ at: formatUrn(node), why: error.message, effect: "missing" }] };
  }
}

function depthLimit(node: Node, maxDepth: number): readonly Gap[] {
  return [{ at: formatUrn(node), why: `there is more than ${maxDepth} steps away`, effect: "missing" }];
}

/** What a walk has come upon so far. */
class Found {
  readonly #root: Urn;
  readonly #nodes = new Map<Urn, Node>();
  readonly #reached = new Set<Urn>();
  readonly #edges = new Map<string, Edge>();
  readonly #gaps: Gap[] = [];

  constructor(start: Node) {
    this.#root = formatUrn(start);
    this.#nodes.set(this.#root, start);
    this.#reached.add(this.#root);
  }

  isReached(node: Node): boolean {
    return this.#reached.has(formatUrn(node));
  }

  note(gaps: readonly Gap[]): void {
    this.#gaps.push(...gaps);
  }

  /** Adds an edge and its other end, which is put into `next` when it has to be walked from and was not yet. */
  add({ edge, node }: Neighbour, next: Node[]): void {
    const urn = formatUrn(node);
    const key = edgeKey(edge);
    if (!this.#edges.has(key)) this.#edges.set(key, edge);
    if (!this.#nodes.has(urn)) this.#nodes.set(urn, node);
    if (isPlacing(edge) || this.#reached.has(urn)) return;
    this.#reached.add(urn);
    next.push(node);
  }

  trace(direction: Direction): Trace {
    return { root: this.#root, direction, nodes: this.#nodes, edges: [...this.#edges.values()], ...concluded(this.#gaps) };
  }
}
