import type { Edge, ModelVersionNode } from "../../lineage/graph.ts";
import { edge } from "../../lineage/graph.ts";
import type { Statement } from "../../lineage/store/lineage-index.ts";
import type { ModelVersionIdentity } from "../../lineage/urn.ts";
import type { ModelVersion } from "../../mlflow/types.ts";

const LOGGED_MODEL = /^models:\/(?<id>m-[\w-]+)$/;
const OTHER_VERSION = /^models:\/(?<name>[^/@]+)\/(?<version>\d{1,15})$/;
const OF_RUN = /^runs:\/(?<run>[0-9a-f]{32})(?:\/|$)/;
const RUN_ID = /^[0-9a-f]{32}$/;

/** All that the registry says of a version; which aliases it has is said by its model. */
export function versionStatement(version: ModelVersion, aliases: readonly string[]): Statement {
  const identity = versionIdentity(version.name, version.version);
  const node: ModelVersionNode = {
    ...identity,
    aliases,
    stage: version.stage === "None" ? undefined : version.stage,
    tags: version.tags,
    source: version.source,
    time: version.created,
  };
  return { node, rank: "source", since: version.created, edges: originEdges(identity, version) };
}

export function versionIdentity(name: string, version: string): ModelVersionIdentity {
  return { kind: "model-version", name, version: Number(version) };
}

/** From a logged model; from the version that it is a copy of; or else from a run. */
function originEdges(self: ModelVersionIdentity, { source, runId = "" }: ModelVersion): readonly Edge[] {
  const id = LOGGED_MODEL.exec(source)?.groups?.["id"];
  if (id !== undefined) return [edge(self, "derived", { kind: "logged-model", id })];
  const copied = OTHER_VERSION.exec(source)?.groups;
  const copy =
    copied === undefined ? [] : [edge(self, "derived", versionIdentity(copied["name"] ?? "", copied["version"] ?? ""))];
  const run = RUN_ID.test(runId) ? runId : OF_RUN.exec(source)?.groups?.["run"];
  return run === undefined ? copy : [...copy, edge(self, "generated", { kind: "run", id: run })];
}
