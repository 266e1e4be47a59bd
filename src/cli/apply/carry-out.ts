import type { PachydermClient } from "../../pachyderm/client.ts";
import { dataRepo } from "../names.ts";
import type { Change, PipelineChange } from "./plan.ts";

/** Does what was planned. Answers the version that the pipeline then has. */
export async function carryOut(client: PachydermClient, change: Change, reprocess: boolean): Promise<number | undefined> {
  if (change.kind === "repo") {
    await client.createRepo(dataRepo(change.name));
    return undefined;
  }
  return change.action === "none" ? change.version : carryOutPipeline(client, change, reprocess);
}

async function carryOutPipeline(client: PachydermClient, { spec, action }: PipelineChange, reprocess: boolean): Promise<number> {
  const update = action === "update";
  await client.createPipeline(spec.json, { update, reprocess: update && reprocess });
  return (await client.inspectPipeline(spec.pipeline)).version;
}
