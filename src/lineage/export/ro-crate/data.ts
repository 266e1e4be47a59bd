import { nameOf } from "../../describe.ts";
import type { Node } from "../../graph.ts";
import { formatUrn } from "../../urn.ts";
import { known } from "../canonical.ts";
import { digestsOf, sha256Of } from "../digests.ts";
import type { Entity, GraphView } from "../graph-view.ts";
import type { CrateEntity } from "./entity.ts";

/** Data, models and what else was used or made. Pipelines and code are tools, which are told of with the workflow. */
export function toDataEntities(view: GraphView): readonly CrateEntity[] {
  return view.entities.filter((node) => node.kind !== "pipeline" && node.kind !== "code").map(toEntity);
}

function toEntity(node: Entity): CrateEntity {
  const digests = Object.entries(digestsOf(node)).map(([name, digest]) => `${name}:${digest}`);
  return known({
    "@id": formatUrn(node),
    "@type": typeOf(node),
    name: nameOf(node),
    description: node.kind === "commit" ? node.description : undefined,
    version: versionOf(node),
    dateModified: node.time?.toISOString(),
    identifier: digests.length === 0 ? undefined : digests,
    sha256: sha256Of(node),
    contentSize: "sizeBytes" in node && node.sizeBytes !== undefined ? `${node.sizeBytes} B` : undefined,
  });
}

function typeOf(node: Node): string {
  if (node.kind === "file") return node.path.endsWith("/") ? "Dataset" : "File";
  if (node.kind === "artifact") return "File";
  return node.kind === "commit" || node.kind === "dataset" ? "Dataset" : "CreativeWork";
}

function versionOf(node: Node): string | undefined {
  if (node.kind === "model-version") return String(node.version);
  if (node.kind === "commit") return node.id;
  return node.kind === "dataset" && node.digest !== "" ? node.digest : undefined;
}
