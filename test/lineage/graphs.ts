import type { Edge, Graph, Node } from "../../src/lineage/graph.ts";
import { edge } from "../../src/lineage/graph.ts";
import type { Urn } from "../../src/lineage/urn.ts";
import type { NodeRecord } from "../../src/lineage/store/lineage-index.ts";
import { LineageIndex } from "../../src/lineage/store/lineage-index.ts";
import { formatUrn, parseUrn } from "../../src/lineage/urn.ts";

/** A node named by a letter or number, for graphs whose shape is all that matters. */
export function thing(name: string): Node {
  return { kind: "batch", id: name };
}

export function urnOf(name: string): Urn {
  return formatUrn(thing(name));
}

/** A graph of things from lines such as "c <- a b": c came from a and from b. */
export function graphOf(...lines: readonly string[]): Graph {
  const edges = lines.flatMap((line) => {
    const [from = "", ...origins] = line.split(/ <- | /);
    return origins.map((to) => edge(thing(from), "derived", thing(to)));
  });
  return graphFrom(
    edges,
    edges.flatMap(({ from, to }) => [from, to]),
  );
}

export function graphFrom(edges: readonly Edge[], urns: readonly Urn[]): Graph {
  return { edges, nodes: new Map(urns.map((urn) => [urn, thing(decodeURIComponent(urn.replace(/^.*:/, "")))])) };
}

/** The names of the things in a graph, in its order. */
export function namesIn({ nodes }: Graph): readonly string[] {
  return [...nodes.values()].map((node) => (node.kind === "batch" ? node.id : node.kind));
}

/** An index in memory in which each thing says its own edges. */
export function indexOf(...lines: readonly string[]): LineageIndex {
  return indexFrom(graphOf(...lines).edges);
}

export function indexFrom(edges: readonly Edge[], records: readonly NodeRecord[] = []): LineageIndex {
  const index = new LineageIndex(":memory:");
  const own = new Map(records.map((record) => [formatUrn(record.node), record]));
  const urns = new Set([...own.keys(), ...edges.flatMap(({ from, to }) => [from, to])]);
  index.write((writer) => {
    const bySource = Map.groupBy(edges, ({ from }) => from);
    for (const urn of urns) {
      const record = own.get(urn) ?? { node: parseUrn(urn), rank: "source" };
      writer.say({ ...record, edges: bySource.get(urn) ?? [] });
    }
  });
  return index;
}
