import type { APIHandlers } from "../../pachyderm/generated/pps_v2/API.ts";
import type { Parts } from "./parts.ts";
import { datumHandlers } from "./pps-datums.ts";
import { defaultsHandlers } from "./pps-defaults.ts";
import { jobHandlers } from "./pps-jobs.ts";
import { pipelineHandlers } from "./pps-pipelines.ts";
import { secretHandlers } from "./pps-secrets.ts";

/** pps_v2.API: pipelines, jobs, datums, logs and secrets. */
export function ppsHandlers(parts: Parts): Partial<APIHandlers> {
  return {
    ...pipelineHandlers(parts),
    ...jobHandlers(parts),
    ...datumHandlers(parts),
    ...secretHandlers(parts),
    ...defaultsHandlers(parts),
  };
}
