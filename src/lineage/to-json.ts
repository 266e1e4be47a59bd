import { nodeToJson } from "./describe.ts";
import type { Edge } from "./graph.ts";
import type { Gap, Trace } from "./walk.ts";

/** An answer as one JSON object. `version` changes when a reader would have to. */
export interface TraceJson {
  readonly version: 1;
  readonly root: string;
  readonly direction: Trace["direction"];
  readonly complete: boolean;
  readonly gaps: readonly Gap[];
  readonly nodes: ReadonlyArray<Readonly<Record<string, unknown>>>;
  readonly edges: readonly Edge[];
}

export function toJson({ root, direction, complete, gaps, nodes, edges }: Trace): TraceJson {
  return { version: 1, root, direction, complete, gaps, nodes: [...nodes.values()].map(nodeToJson), edges };
}
