import { StemmaError } from "./errors.ts";
import { bareNode } from "./graph.ts";
import { knownPipelines, shortName } from "./known-names.ts";
import { parseReference, referenceTo } from "./reference.ts";
import type { Resolved } from "./resolve-data.ts";
import { resolveData } from "./resolve-data.ts";
import { chooseOne, resolveId, resolveRunId } from "./resolve-id.ts";
import { noSuchModel, resolveAlias, resolveStage } from "./resolve-model.ts";
import type { LineageIndex } from "./store/lineage-index.ts";
import type { Identity, PipelineIdentity } from "./urn.ts";
import { formatUrn } from "./urn.ts";

/**
 * Looks a reference up in the index; branches, aliases and stages as they were at a time, if one is given. Throws NOT_FOUND, with what
 * was probably meant, and USAGE for what is no reference or may mean several things.
 */
export function resolve(index: LineageIndex, text: string, asOf?: Date): Resolved {
  const reference = parseReference(text);
  switch (reference.kind) {
    case "data":
      return resolveData(index, reference, asOf);
    case "id":
      return { node: resolveId(index, reference.id) };
    case "run-id":
      return { node: resolveRunId(index, reference.id) };
    case "model-alias":
      return { node: resolveAlias(index, reference, asOf) };
    case "model-stage":
      return { node: resolveStage(index, reference, asOf) };
    case "many":
      return chooseOne(index, reference.of);
    case "node":
      break;
  }
  return resolveIdentity(index, reference.identity, text);
}

function resolveIdentity(index: LineageIndex, identity: Identity, text: string): Resolved {
  const urn = formatUrn(identity);
  const record = index.record(urn);
  if (record !== undefined) return { node: record.node };
  if (identity.kind === "file") {
    const { commit: id, path, ...rest } = identity;
    return resolveData(index, { ...rest, at: id, path });
  }
  // What its job did is read with the first step from it.
  if (identity.kind === "datum" && index.record(formatUrn({ ...identity, kind: "job", id: identity.job })) !== undefined)
    return { node: bareNode(urn) };
  if (identity.kind === "model-version") throw noSuchModel(index, identity.name, text);
  const hint = identity.kind === "pipeline" ? pipelinesThere(index, identity) : undefined;
  throw new StemmaError("NOT_FOUND", `no ${identity.kind} ${referenceTo(identity)} is known.`, { hint });
}

const MOST_NAMES = 10;

/** The versions that a pipeline has, or else which pipelines there are. */
function pipelinesThere(index: LineageIndex, { project, pipeline }: PipelineIdentity): string | undefined {
  const versions = [...index.recordsBeginning(`pipeline:${project}/${pipeline}#`)].map(({ node }) => referenceTo(node));
  if (versions.length > 0) return `Its versions: ${versions.slice(-MOST_NAMES).join(", ")}.`;
  const names = knownPipelines(index).slice(0, MOST_NAMES).map(shortName);
  return names.length === 0 ? undefined : `There are: ${names.join(", ")}.`;
}
