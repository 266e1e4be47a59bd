import { orAbsent } from "../../lineage/errors.ts";
import type { JsonObject } from "../../engine/pps/proto-json.ts";
import type { PachydermClient } from "../../pachyderm/client.ts";
import type { PipelineInfo, PipelineName } from "../../pachyderm/types.ts";
import { dataRepo, formatName } from "../names.ts";
import type { PipelineSpec } from "../pipeline-specs.ts";
import { type Difference, differences } from "./differences.ts";
import { specFields } from "./spec-fields.ts";

/** A repo that is read and not there. */
interface RepoChange {
  readonly kind: "repo";
  readonly name: PipelineName;
  readonly action: "create";
}

/** What is to become of a pipeline. */
export interface PipelineChange {
  readonly kind: "pipeline";
  readonly spec: PipelineSpec;
  readonly action: "create" | "update" | "none";
  /** The version that is there. */
  readonly version: number | undefined;
  /** From the spec that is there to the new one. */
  readonly differences: readonly Difference[];
}

export type Change = RepoChange | PipelineChange;

/** What it takes to make pipelines what their specs say, in the order in which to do it. Changes nothing. */
export async function planChanges(
  client: PachydermClient,
  specs: readonly PipelineSpec[],
  options: { readonly reprocess: boolean },
): Promise<readonly Change[]> {
  const known = new Set(specs.map((spec) => formatName(spec.pipeline)));
  const changes: Change[] = [];
  for (const spec of specs) {
    for (const name of spec.inputs) {
      if (known.has(formatName(name))) continue;
      known.add(formatName(name));
      if ((await orAbsent(client.inspectRepo(dataRepo(name)))) === undefined)
        changes.push({ kind: "repo", name, action: "create" });
    }
    changes.push(await planPipeline(client, spec, options));
  }
  return changes;
}

async function planPipeline(
  client: PachydermClient,
  spec: PipelineSpec,
  { reprocess }: { readonly reprocess: boolean },
): Promise<PipelineChange> {
  const existing = await orAbsent(client.inspectPipeline(spec.pipeline));
  if (existing === undefined) return { kind: "pipeline", spec, action: "create", version: undefined, differences: [] };
  const found = await compare(client, existing, spec);
  const action = found.length > 0 || reprocess ? "update" : "none";
  return { kind: "pipeline", spec, action, version: existing.version, differences: found };
}

/** Where a server does not tell what the user wrote, what both come to with all defaults is compared. */
async function compare(client: PachydermClient, existing: PipelineInfo, spec: PipelineSpec): Promise<readonly Difference[]> {
  if (existing.userSpecJson !== "") return differences(parse(existing.userSpecJson), spec.fields);
  const wanted = await client.createPipeline(spec.json, { dryRun: true });
  return differences(parse(existing.effectiveSpecJson || "{}"), parse(wanted));
}

function parse(json: string): JsonObject {
  return specFields(JSON.parse(json));
}
