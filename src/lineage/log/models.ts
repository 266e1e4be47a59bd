import type { LoggedModelNode, ModelVersionNode } from "../graph.ts";
import type { LineageIndex } from "../store/lineage-index.ts";
import type { Urn } from "../urn.ts";
import { formatUrn } from "../urn.ts";

/** A model that a run made, with the aliases and stages that point at it now. */
export interface MadeModel {
  readonly model: LoggedModelNode | ModelVersionNode;
  readonly labels: readonly string[];
}

/** The models that came out of a run: its versions in registries, and the logged models that none of them stands for. */
export function modelsOf(index: LineageIndex, run: Urn): readonly MadeModel[] {
  return madeFrom(index, run).flatMap((model) => {
    if (model.kind === "model-version") return [labelled(index, model)];
    const versions = madeFrom(index, formatUrn(model));
    return versions.length === 0 ? [labelled(index, model)] : versions.map((version) => labelled(index, version));
  });
}

function madeFrom(index: LineageIndex, urn: Urn): ReadonlyArray<LoggedModelNode | ModelVersionNode> {
  return index
    .edgesDown(urn)
    .filter(({ kind, from }) => kind !== "used" && /^urn:stemma:(?:logged-model|model-version):/.test(from))
    .map(({ from }) => index.record(from)?.node)
    .filter((node) => node?.kind === "logged-model" || node?.kind === "model-version");
}

function labelled(index: LineageIndex, model: LoggedModelNode | ModelVersionNode): MadeModel {
  const labels = index.labels({ target: formatUrn(model) }).filter(({ until }) => until === undefined);
  return { model, labels: [...new Set(labels.map(({ name }) => name))].sort() };
}
