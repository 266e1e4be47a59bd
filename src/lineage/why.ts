import type { Node } from "./graph.ts";
import { newestFirst } from "./log/newest-first.ts";
import type { Urn } from "./urn.ts";
import type { Gap, Trace } from "./answer.ts";
import { Graph } from "./why/graph-of.ts";
import type { DataPart, Making } from "./why/parts.ts";
import { partsOf } from "./why/parts.ts";

export type { DataPart, Making } from "./why/parts.ts";

/** One stage of a chain: what was made, by what, of what. */
export interface WhyStep {
  /** The thing that was asked for, or files of one commit. */
  readonly what: Node | DataPart;
  /** Undefined for what came from outside: a user put it, or it is not known. */
  readonly made: Making | undefined;
}

/** The whole way to something, each stage once, and each before those that it was made from. */
export interface Why {
  readonly root: Node;
  /** From a model to the run that made it, the root first; only the root for anything else. */
  readonly chain: readonly Node[];
  readonly steps: readonly WhyStep[];
  readonly complete: boolean;
  readonly gaps: readonly Gap[];
}

/** Condenses a walk up to the stages that it went through. */
export function why(trace: Trace): Why {
  const graph = new Graph(trace);
  const chain = chainOf(graph, trace.root);
  const parts = partsOf(graph, chain.at(-1) ?? trace.root);
  const parents = new Map([...parts].map(([urn, { made }]) => [urn, made?.from ?? []]));
  const order = newestFirst(parents, (urn) => parts.get(urn)?.time ?? 0);
  return {
    root: graph.node(trace.root),
    chain: chain.map((urn) => graph.node(urn)),
    steps: order.map((urn) => parts.get(urn)).filter((part) => part !== undefined),
    complete: trace.complete,
    gaps: trace.gaps,
  };
}

/** From a version in a registry to the model, and on to the run. */
function chainOf(graph: Graph, root: Urn): readonly Urn[] {
  const chain = [root];
  for (let at: Urn | undefined = root; at !== undefined;) {
    const { kind } = graph.node(at);
    if (kind !== "model-version" && kind !== "logged-model") break;
    const origin: Urn | undefined = graph.up(at).find((edge) => edge.kind === "derived" || edge.kind === "generated")?.to;
    if (origin === undefined || chain.includes(origin)) break;
    chain.push(origin);
    at = origin;
  }
  return chain;
}
