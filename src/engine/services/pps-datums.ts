import type { APIHandlers } from "../../pachyderm/generated/pps_v2/API.ts";
import { refused } from "../fault.ts";
import { inspectJob } from "../pps/jobs.ts";
import { createDatums, inspectDatum, listDatums } from "./datum-queries.ts";
import { EMPTY, type Parts } from "./parts.ts";
import { toJobKey } from "./pps-wire.ts";

/** Datums. */
export function datumHandlers({ state, runner, rpc }: Parts): Partial<APIHandlers> {
  return {
    ListDatum: rpc.stream((request) => listDatums(state, request)),
    InspectDatum: rpc.unary((request) => inspectDatum(state, request)),
    CreateDatum: rpc.exchange((requests) => createDatums(state, requests)),
    RestartDatum: rpc.unary(({ job, data_filters = [] }) => {
      const key = toJobKey(job);
      const row = inspectJob(state.db, key.pipeline, key.id);
      if (runner.restartDatums(row, data_filters) > 0) return EMPTY;
      throw refused(`datum matching filter [${data_filters.join(" ")}] could not be found for job ID ${key.id}`);
    }),
  };
}
