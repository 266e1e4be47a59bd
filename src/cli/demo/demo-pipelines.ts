import { orAbsent } from "../../lineage/errors.ts";
import { packageRoot } from "../../local/job-environment.ts";
import type { PachydermClient } from "../../pachyderm/client.ts";
import type { PipelineName, RepoName } from "../../pachyderm/types.ts";
import { carryOut } from "../apply/carry-out.ts";
import { planChanges } from "../apply/plan.ts";
import type { Context } from "../context.ts";
import { readPipelineSpecs } from "../pipeline-specs.ts";

/** The demo's pipelines, each after the one that it reads from. */
export const DEMO_PIPELINES = ["split", "etl", "train"] as const;
type DemoPipeline = (typeof DEMO_PIPELINES)[number];

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

/** Makes the pipelines, brings up to date those whose spec is another one, and starts those that were stopped. Answers what it did. */
export async function ensurePipelines(context: Pick<Context, "stdin">, pachyderm: PachydermClient): Promise<readonly string[]> {
  const specs = await readPipelineSpecs({ cwd: packageRoot, stdin: context.stdin }, ["pipelines"]);
  const done: string[] = [];
  for (const change of await planChanges(pachyderm, specs, { reprocess: false })) {
    await carryOut(pachyderm, change, false);
    if (change.kind !== "pipeline") continue;
    const { pipeline } = change.spec;
    if ((await pachyderm.inspectPipeline(pipeline)).stopped) await pachyderm.startPipeline(pipeline);
    done.push(`${pipeline.name} ${DONE[change.action]}`);
  }
  return done;
}

const DONE = { create: "created", update: "updated", none: "kept" } as const;
