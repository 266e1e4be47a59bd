import type { RunNode } from "../../graph.ts";
import { formatUrn } from "../../urn.ts";
import type { GraphView } from "../graph-view.ts";
import { isData } from "../graph-view.ts";
import { params } from "./properties.ts";

/** What is known of how a model was trained: the data, the params and the metrics of its runs. */
export function modelCard(view: GraphView, runs: readonly RunNode[]): { readonly modelCard?: object } {
  if (runs.length === 0) return {};
  const readers = runs.flatMap((run) => view.withPlaces(run));
  const data = readers.flatMap((reader) => view.above(reader, "used")).filter(({ node }) => isData(node));
  const refs = [...new Set(data.map(({ node }) => formatUrn(node)))].sort();
  const metrics = runs.flatMap((run) => Object.entries(run.metrics ?? {})).sort(([a], [b]) => (a < b ? -1 : 1));
  const settings = runs.flatMap((run) => params(run.params));
  return {
    modelCard: {
      ...(refs.length === 0 ? {} : { modelParameters: { datasets: refs.map((ref) => ({ ref })) } }),
      ...(metrics.length === 0
        ? {}
        : { quantitativeAnalysis: { performanceMetrics: metrics.map(([type, value]) => ({ type, value: String(value) })) } }),
      ...(settings.length === 0 ? {} : { properties: settings }),
    },
  };
}
