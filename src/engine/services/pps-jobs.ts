import type { APIHandlers } from "../../pachyderm/generated/pps_v2/API.ts";
import { deleteJob, inspectJob, stopJob } from "../pps/jobs.ts";
import { inspectJobSet, listJobInfos, listJobSets, subscribeJobs, waitForJob } from "./job-queries.ts";
import { getLogs } from "./logs.ts";
import { EMPTY, type Parts } from "./parts.ts";
import { toJobInfo, toJobKey } from "./pps-wire.ts";

/** Jobs and their logs. */
export function jobHandlers(parts: Parts): Partial<APIHandlers> {
  const { state, rpc, changes } = parts;
  const { db, nodes } = state;
  return {
    InspectJob: rpc.unary(async ({ job, wait, details }, { signal }) => {
      const key = toJobKey(job);
      const row = inspectJob(db, key.pipeline, key.id);
      return toJobInfo(db, wait ? await waitForJob(state, row, signal) : row, details ?? false);
    }),
    InspectJobSet: rpc.stream(({ job_set, wait, details }, { signal }) =>
      inspectJobSet(state, job_set?.id ?? "", { wait, details }, signal),
    ),
    ListJob: rpc.stream((request) => listJobInfos(db, request)),
    ListJobSet: rpc.stream((request) => listJobSets(db, request)),
    SubscribeJob: rpc.stream((request, { signal }) => subscribeJobs(state, request, signal)),
    StopJob: changes.handler("stop_job", (tx, { job, reason }) => {
      const key = toJobKey(job);
      stopJob(tx, nodes, inspectJob(tx.db, key.pipeline, key.id), reason ?? "");
      return EMPTY;
    }),
    DeleteJob: rpc.unary(({ job }) => {
      const key = toJobKey(job);
      state.write((tx) => deleteJob(tx, nodes, inspectJob(tx.db, key.pipeline, key.id)));
      return EMPTY;
    }),
    GetLogs: rpc.stream((request, { signal }) => getLogs(parts, request, signal)),
  };
}
