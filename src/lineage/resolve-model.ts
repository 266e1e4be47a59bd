import { StemmaError } from "./errors.ts";
import type { Node } from "./graph.ts";
import { bareNode } from "./graph.ts";
import { knownModels, labelNames } from "./known-names.ts";
import { nearestName } from "./nearest.ts";
import type { LineageIndex } from "./store/lineage-index.ts";
import type { Urn } from "./urn.ts";

/** The version that an alias names now, or named then. Throws NOT_FOUND. */
export function resolveAlias(
  index: LineageIndex,
  { name, alias }: { readonly name: string; readonly alias: string },
  asOf?: Date,
): Node {
  const target = targetOf(index, `alias:${name}`, alias, asOf);
  if (target !== undefined) return target;
  const aliases = labelNames(index, `alias:${name}`);
  if (!knownModels(index).includes(name)) throw noSuchModel(index, name, `models:/${name}@${alias}`);
  const near = nearestName(alias, aliases);
  const known = aliases.length === 0 ? "It has no alias." : `Its aliases: ${aliases.join(", ")}.`;
  throw new StemmaError(
    "NOT_FOUND",
    `the model "${name}" ${asOf === undefined ? "has" : "had"} no alias "${alias}"${then(asOf)}.`,
    {
      hint: near === undefined || near === alias ? known : `Did you mean: models:/${name}@${near}`,
    },
  );
}

/** The version in a stage, or the newest of all for "latest". Throws NOT_FOUND. */
export function resolveStage(
  index: LineageIndex,
  { name, stage }: { readonly name: string; readonly stage: string },
  asOf?: Date,
): Node {
  const found =
    stage.toLowerCase() === "latest" ? newestVersion(index, name, asOf) : targetOf(index, `stage:${name}`, titled(stage), asOf);
  if (found !== undefined) return found;
  if (!knownModels(index).includes(name)) throw noSuchModel(index, name, `models:/${name}/${stage}`);
  const stages = labelNames(index, `stage:${name}`);
  throw new StemmaError("NOT_FOUND", `the model "${name}" has no version in the stage ${titled(stage)}${then(asOf)}.`, {
    hint: stages.length === 0 ? "None is in any stage." : `There are: ${stages.join(", ")}.`,
  });
}

/** The error for a model, or a version of one, that is not known: with the nearest name, or with its versions. */
export function noSuchModel(index: LineageIndex, name: string, text: string): StemmaError {
  const models = knownModels(index);
  if (models.includes(name)) {
    const versions = [...index.recordsBeginning(`model-version:${encodeURIComponent(name)}/`)].flatMap(({ node }) =>
      node.kind === "model-version" ? [node.version] : [],
    );
    return new StemmaError("NOT_FOUND", `no model version ${text} is known.`, {
      hint: `Its versions: ${versions.toSorted((a, b) => a - b).join(", ")}.`,
    });
  }
  const near = nearestName(name, models);
  const known = models.length === 0 ? "No model is registered." : `There are: ${models.slice(0, 10).join(", ")}`;
  return new StemmaError("NOT_FOUND", `no model "${name}" is registered.`, {
    hint: near === undefined ? known : `Did you mean: ${text.replace(name, near)}`,
  });
}

function targetOf(index: LineageIndex, scope: string, name: string, asOf: Date | undefined): Node | undefined {
  const label = index
    .labels({ scope })
    .findLast((each) => each.name === name && (asOf === undefined ? each.until === undefined : isValid(each, asOf)));
  return label && nodeAt(index, label.target);
}

function isValid({ since, until }: { readonly since: Date; readonly until: Date | undefined }, asOf: Date): boolean {
  return since <= asOf && (until === undefined || until > asOf);
}

function newestVersion(index: LineageIndex, name: string, asOf: Date | undefined): Node | undefined {
  let newest: { readonly node: Node; readonly version: number } | undefined;
  for (const { node, since } of index.recordsBeginning(`model-version:${encodeURIComponent(name)}/`)) {
    if (node.kind !== "model-version" || (asOf !== undefined && since !== undefined && since > asOf)) continue;
    if (newest === undefined || node.version > newest.version) newest = { node, version: node.version };
  }
  return newest?.node;
}

function nodeAt(index: LineageIndex, urn: Urn): Node {
  return index.record(urn)?.node ?? bareNode(urn);
}

/** "production" as MLflow writes it. */
function titled(stage: string): string {
  return `${stage.slice(0, 1).toUpperCase()}${stage.slice(1).toLowerCase()}`;
}

function then(asOf: Date | undefined): string {
  return asOf === undefined ? "" : ` at ${asOf.toISOString()}, as far as it was seen`;
}
