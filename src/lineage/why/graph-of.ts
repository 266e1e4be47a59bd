import type { Edge, Node } from "../graph.ts";
import { adjacency, bareNode } from "../graph.ts";
import type { Urn } from "../urn.ts";
import { formatUrn } from "../urn.ts";
import type { Trace } from "../answer.ts";

/** A walk's answer, to be looked around in. */
export class Graph {
  readonly #trace: Trace;
  readonly #up: ReadonlyMap<Urn, readonly Edge[]>;
  readonly #down: ReadonlyMap<Urn, readonly Edge[]>;

  constructor(trace: Trace) {
    this.#trace = trace;
    ({ up: this.#up, down: this.#down } = adjacency(trace.edges));
  }

  get nodes(): Iterable<[Urn, Node]> {
    return this.#trace.nodes;
  }

  node(urn: Urn): Node {
    return this.#trace.nodes.get(urn) ?? bareNode(urn);
  }

  up(urn: Urn): readonly Edge[] {
    return this.#up.get(urn) ?? [];
  }

  down(urn: Urn): readonly Edge[] {
    return this.#down.get(urn) ?? [];
  }

  /** What stands for a doing together with others like it: a datum's or run's job, or else itself. */
  stageOf(urn: Urn): Urn {
    const node = this.node(urn);
    if (node.kind === "datum") return formatUrn({ ...node, kind: "job", id: node.job });
    if (node.kind !== "run") return urn;
    const within = this.up(urn)
      .filter(({ kind }) => kind === "within")
      .map(({ to }) => this.node(to));
    const place = within.find(({ kind }) => kind === "job") ?? within.find(({ kind }) => kind === "datum");
    return place === undefined ? urn : this.stageOf(formatUrn(place));
  }
}
