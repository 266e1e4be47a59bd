import type { CommitNode, DatumNode, DeploymentNode, Edge, EdgeKind, Graph, JobNode, Node, RunNode } from "../graph.ts";
import { adjacency, bareNode, edgeKey } from "../graph.ts";
import type { Urn } from "../urn.ts";
import { formatUrn } from "../urn.ts";

/** A doing: what W3C PROV calls an activity. */
export type Activity = JobNode | RunNode | DatumNode | DeploymentNode;
/** A thing: what W3C PROV calls an entity. */
export type Entity = Exclude<Node, Activity>;

/** A graph in one order, whatever order it came in: what is made out of it is the same for the same graph. */
export class GraphView {
  readonly #nodes: ReadonlyMap<Urn, Node>;
  readonly #up: ReadonlyMap<Urn, readonly Edge[]>;
  readonly #down: ReadonlyMap<Urn, readonly Edge[]>;
  readonly edges: readonly Edge[];
  readonly nodes: readonly Node[];

  constructor(graph: Graph) {
    this.#nodes = graph.nodes;
    this.edges = [...graph.edges].sort((a, b) => compare(edgeKey(a), edgeKey(b)));
    this.nodes = [...graph.nodes].sort(([a], [b]) => compare(a, b)).map(([, node]) => node);
    ({ up: this.#up, down: this.#down } = adjacency(this.edges));
  }

  node(urn: Urn): Node {
    return this.#nodes.get(urn) ?? bareNode(urn);
  }

  /** What a node came from by one kind of edge. */
  above(node: Node, kind: EdgeKind): readonly { readonly node: Node; readonly edge: Edge }[] {
    const edges = this.#up.get(formatUrn(node)) ?? [];
    return edges.filter((edge) => edge.kind === kind).map((edge) => ({ edge, node: this.node(edge.to) }));
  }

  /** The nodes of `above`. */
  parents(node: Node, kind: EdgeKind): readonly Node[] {
    return this.above(node, kind).map((above) => above.node);
  }

  /** A node, and what it lies or ran within. */
  withPlaces(node: Node): readonly Node[] {
    return [node].concat(this.parents(node, "within"));
  }

  /** What came from a node by one kind of edge. */
  below(node: Node, kind: EdgeKind): readonly Node[] {
    const edges = this.#down.get(formatUrn(node)) ?? [];
    return edges.filter((edge) => edge.kind === kind).map((edge) => this.node(edge.from));
  }

  /** A node and all that it came from. */
  origins(of: readonly Node[]): readonly Node[] {
    const found = new Map(of.map((node) => [formatUrn(node), node]));
    for (const node of found.values())
      for (const { to } of this.#up.get(formatUrn(node)) ?? []) if (!found.has(to)) found.set(to, this.node(to));
    return [...found.values()];
  }

  get activities(): readonly Activity[] {
    return this.nodes.filter(isActivity);
  }

  get entities(): readonly Entity[] {
    return this.nodes.filter((node) => !isActivity(node));
  }
}

export function isActivity(node: Node): node is Activity {
  return node.kind === "job" || node.kind === "run" || node.kind === "datum" || node.kind === "deployment";
}

/** True for data that has a name and a version: what a catalogue calls a data set. */
export function isData(node: Node): node is Exclude<Entity, { kind: "pipeline" | "code" }> {
  return !isActivity(node) && node.kind !== "pipeline" && node.kind !== "code";
}

/** When an activity began, as far as that is known. */
export function beganAt(node: Node): Date | undefined {
  return "began" in node && node.began instanceof Date ? node.began : node.time;
}

export type Outcome = "succeeded" | "failed" | "stopped" | "open" | "unknown";

/** How an activity ended, out of the words of Pachyderm and of MLflow. */
export function outcomeOf({ state }: Node): Outcome {
  const word = state?.split(",")[0] ?? "";
  return OUTCOMES[word] ?? (word === "" ? "unknown" : "open");
}

const OUTCOMES: Readonly<Record<string, Outcome>> = {
  success: "succeeded",
  skipped: "succeeded",
  recovered: "succeeded",
  finished: "succeeded",
  failure: "failed",
  failed: "failed",
  killed: "stopped",
  unrunnable: "stopped",
};

/** A commit's repo as Pachyderm writes it: `project/repo`, with its type where it holds no user data. */
export function repoName({ project, repo, type }: Pick<CommitNode, "project" | "repo" | "type">): string {
  return `${project}/${repo}${type === "user" ? "" : `.${type}`}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
