import { nodeToJson } from "../describe.ts";
import type { Edge } from "../graph.ts";
import type { Gap, Trace } from "../answer.ts";

/** An answer as one JSON object, as schemas/trace-1.schema.json says. `version` changes when a reader would have to. */
export interface TraceJson {
  readonly version: 1;
  readonly kind: "trace";
  readonly root: string;
  readonly direction: Trace["direction"];
  readonly complete: boolean;
  readonly gaps: readonly Gap[];
  readonly nodes: ReadonlyArray<Readonly<Record<string, unknown>>>;
  readonly edges: readonly Edge[];
}

export function toJson({ root, direction, complete, gaps, nodes, edges }: Trace): TraceJson {
  return {
    version: 1,
    kind: "trace",
    root,
    direction,
    complete,
    gaps,
    nodes: [...nodes.values()].map(nodeToJson),
    edges,
  };
}

/** The same in parts: a line for each node and each edge, and in the end whether that was all. */
export function* toJsonLines(trace: Trace): IterableIterator<object> {
  const { nodes, edges, ...end } = toJson(trace);
  for (const node of nodes) yield { node };
  for (const edge of edges) yield { edge };
  yield { end };
}
