import type { Edge, Node } from "../../graph.ts";
import { known } from "../canonical.ts";
import type { ExportContext } from "../context.ts";
import type { GraphView } from "../graph-view.ts";
import type { Facet, Facets } from "./facets.ts";
import { facet, ownFacet } from "./facets.ts";
import type { DatasetName } from "./names.ts";
import { IMPORTED, datasetName } from "./names.ts";

export interface Dataset {
  readonly namespace: string;
  readonly name: string;
  readonly facets: Facets;
  readonly inputFacets?: Facets | undefined;
}

/** A node as a data set of OpenLineage, with all that is known of it; undefined for what is none. */
export function toDataset(view: GraphView, node: Node, context: ExportContext): Dataset | undefined {
  const name = datasetName(node, context);
  if (name === undefined) return undefined;
  const facets: Facets = known({
    ...(node.kind === "dataset" ? (node.facets as Facets | undefined) : undefined),
    version: name.version === "" ? undefined : facet(context, "version", { datasetVersion: name.version }),
    tags: tagsFacet(node, context),
    stemma_origin: originFacet(view, node, context),
  });
  return { namespace: name.namespace, name: name.name, facets };
}

/** The same as an input, with the files of it that were read. */
export function toInput(dataset: Dataset, { files }: Edge, context: ExportContext): Dataset {
  if (files === undefined || files.names.length === 0) return dataset;
  const condition = { type: "location", locations: files.names };
  return { ...dataset, inputFacets: { subset: facet(context, "subset", { inputCondition: condition }) } };
}

function tagsFacet(node: Node, context: ExportContext): Facet | undefined {
  if (node.kind !== "model-version") return node.kind === "dataset" ? (node.facets?.["tags"] as Facet | undefined) : undefined;
  const own = [
    ...(node.aliases ?? []).map((alias) => ({ key: "alias", value: alias, source: "MLFLOW" })),
    ...(node.stage === undefined ? [] : [{ key: "stage", value: node.stage, source: "MLFLOW" }]),
  ];
  const tags = Object.entries(node.tags ?? {}).map(([key, value]) => ({ key, value, source: "USER" }));
  return own.length + tags.length === 0 ? undefined : facet(context, "tags", { tags: [...own, ...tags] });
}

/** What OpenLineage has no words for: what a thing was derived from without a run between, and where MLflow says a data set is. */
function originFacet(view: GraphView, node: Node, context: ExportContext): Facet | undefined {
  const derivedFrom = view
    .above(node, "derived")
    .map((above) => datasetName(above.node, context))
    .filter((name): name is DatasetName => name !== undefined);
  const place =
    node.kind === "dataset" && node.sourceType !== IMPORTED ? known({ sourceType: node.sourceType, source: node.source }) : {};
  if (derivedFrom.length === 0 && Object.keys(place).length === 0) return undefined;
  return ownFacet(context, "origin", { derivedFrom, ...place });
}
