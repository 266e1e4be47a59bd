import type { Edge, Node } from "./graph.ts";
import { bareNode, edgeKey, fileNames, isPlacing } from "./graph.ts";
import type { Urn } from "./urn.ts";
import { parseUrn } from "./urn.ts";
import type { Trace } from "./answer.ts";
import { concluded } from "./answer.ts";

/**
 * The same answer, coarser: commits instead of their files, jobs instead of their datums. Nothing that only other files led to gets
 * in; the edges to commits name the files that the walk went through.
 */
export function rollUp(trace: Trace): Trace {
  const places = new Map(trace.edges.filter(isPlacing).map(({ from, to }) => [from, to]));
  const placeOf = (urn: Urn): Urn => places.get(urn) ?? urn;
  const nodes = new Map<Urn, Node>();
  for (const urn of trace.nodes.keys()) nodes.set(placeOf(urn), trace.nodes.get(placeOf(urn)) ?? bareNode(placeOf(urn)));
  return {
    root: placeOf(trace.root),
    direction: trace.direction,
    nodes,
    edges: rollUpEdges(trace.edges, placeOf),
    ...concluded(trace.gaps.map((gap) => ({ ...gap, at: placeOf(gap.at) }))),
  };
}

function rollUpEdges(edges: readonly Edge[], placeOf: (urn: Urn) => Urn): readonly Edge[] {
  const rolled = new Map<string, { readonly edge: Edge; readonly read: Edge[] }>();
  for (const edge of edges) {
    const { files: _, ...coarse } = { ...edge, from: placeOf(edge.from), to: placeOf(edge.to) };
    if (isPlacing(edge) || coarse.from === coarse.to) continue;
    const known = rolled.get(edgeKey(coarse));
    if (known === undefined) rolled.set(edgeKey(coarse), { edge: coarse, read: [edge] });
    else known.read.push(edge);
  }
  return [...rolled.values()].map(({ edge, read }) => withFiles(edge, read));
}

/** Names the files that the finer edges lead to, as far as every one of them says which. */
function withFiles(edge: Edge, finer: readonly Edge[]): Edge {
  const only = finer.length === 1 ? finer[0]?.files : undefined;
  if (only !== undefined) return { ...edge, files: only };
  const names = finer.map(namesOn);
  if (edge.kind !== "used" || names.some((list) => list.length === 0)) return edge;
  return { ...edge, files: fileNames(names.flat()) };
}

function namesOn({ to, files }: Edge): readonly string[] {
  if (!to.startsWith("urn:stemma:file:")) return files?.names ?? [];
  const identity = parseUrn(to);
  return identity.kind === "file" ? [identity.path] : [];
}
