import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { orAbsent } from "../../lineage/errors.ts";
import { packageRoot } from "../../local/job-environment.ts";
import type { PachydermClient } from "../../pachyderm/client.ts";
import type { PipelineInfo, PipelineName, RepoName } from "../../pachyderm/types.ts";

/** The demo's pipelines, each after the one that it reads from. */
export const DEMO_PIPELINES = ["split", "etl", "train"] as const;
export type DemoPipeline = (typeof DEMO_PIPELINES)[number];

const PROJECT = "default";

export const RAW_DATA: RepoName = { project: PROJECT, name: "raw_data", type: "user" };

export function demoPipeline(name: DemoPipeline): PipelineName {
  return { project: PROJECT, name };
}

/** Makes the repo of the raw data, unless it is there. */
export async function ensureRawData(pachyderm: PachydermClient): Promise<void> {
  if ((await orAbsent(pachyderm.inspectRepo(RAW_DATA))) !== undefined) return;
  await pachyderm.createRepo(RAW_DATA, { description: "PaySim transactions, a CSV file a delivery" });
}

/** Makes the pipeline, brings it up to date where its specification is another one, and starts it where it was stopped. */
export async function ensurePipeline(pachyderm: PachydermClient, name: DemoPipeline): Promise<"created" | "updated" | "kept"> {
  const spec = readFileSync(join(packageRoot, "pipelines", `${name}.json`), "utf8");
  const known = await orAbsent(pachyderm.inspectPipeline(demoPipeline(name)));
  if (known === undefined) {
    await pachyderm.createPipeline(spec);
    return "created";
  }
  const isSame = isSameSpec(known, spec);
  if (!isSame) await pachyderm.createPipeline(spec, { update: true });
  if (known.stopped) await pachyderm.startPipeline(demoPipeline(name));
  return isSame ? "kept" : "updated";
}

/** A server that does not keep what the user wrote gives no reason to update. */
function isSameSpec(known: PipelineInfo, spec: string): boolean {
  return known.userSpecJson === "" || isDeepStrictEqual(JSON.parse(known.userSpecJson), JSON.parse(spec));
}
