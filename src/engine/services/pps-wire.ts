import type { Duration } from "../../pachyderm/generated/google/protobuf/Duration.ts";
import type { Job__Output as WireJob } from "../../pachyderm/generated/pps_v2/Job.ts";
import type { JobInfo } from "../../pachyderm/generated/pps_v2/JobInfo.ts";
import type { Pipeline__Output as WirePipeline } from "../../pachyderm/generated/pps_v2/Pipeline.ts";
import type { PipelineInfo } from "../../pachyderm/generated/pps_v2/PipelineInfo.ts";
import type { ProcessStats } from "../../pachyderm/generated/pps_v2/ProcessStats.ts";
import { commitById } from "../pfs/commits.ts";
import type { Database } from "../store/database.ts";
import type { DatumStats } from "../pps/datum-runs.ts";
import { invalid } from "../fault.ts";
import { type JobRow, type JobState, lastJob } from "../pps/jobs.ts";
import { metadataOf } from "../pfs/metadata.ts";
import { DEFAULT_PROJECT } from "../pfs/names.ts";
import type { PipelineKey } from "../pps/pipeline-spec.ts";
import { type PipelineRow, type VersionRow, pipelineById, pipelineState, pipelineVersion, specOf } from "../pps/pipelines.ts";
import { toJobDetails, toPipelineDetails } from "./pps-details.ts";
import { fromCommitWithBranch, fromRepo, toTimestamp } from "./wire.ts";

// From the wire.

export function toPipelineKey(pipeline: WirePipeline | undefined): PipelineKey {
  if (!pipeline?.name) throw invalid("validate request: a pipeline with a name is required");
  return { project: pipeline.project?.name || DEFAULT_PROJECT, name: pipeline.name };
}

export function toJobKey(job: WireJob | undefined): { pipeline: PipelineKey; id: string } {
  if (!job?.id) throw invalid("validate request: a job with an id is required");
  return { pipeline: toPipelineKey(job.pipeline), id: job.id };
}

// To the wire.

export function fromPipeline(key: PipelineKey): { project: { name: string }; name: string } {
  return { project: { name: key.project }, name: key.name };
}

function toDuration(milliseconds: number): Duration {
  return { seconds: String(Math.floor(milliseconds / 1000)), nanos: Math.round((milliseconds % 1000) * 1e6) };
}

export function toProcessStats(stats: DatumStats): ProcessStats {
  return {
    download_time: toDuration(stats.downloadMs),
    process_time: toDuration(stats.processMs),
    upload_time: toDuration(stats.uploadMs),
    download_bytes: String(stats.downloadBytes),
    upload_bytes: String(stats.uploadBytes),
  };
}

interface PipelineInfoOptions {
  /** What the spec says, and what is about the workers if that is asked for; without, there are no details. */
  readonly details?: "spec" | "workers";
  /** Of the newest job, unless it is said. */
  readonly lastJobState?: JobState | undefined;
}

export function toPipelineInfo(
  db: Database,
  row: PipelineRow,
  version: VersionRow,
  { details, lastJobState = lastJob(db, row.id)?.state }: PipelineInfoOptions,
): PipelineInfo {
  const { parallelism } = specOf(version);
  const state = pipelineState(db, row, version);
  return {
    pipeline: fromPipeline(row),
    version: String(version.version),
    spec_commit: fromCommitWithBranch(db, commitById(db, version.spec_commit)),
    stopped: version.stopped !== 0,
    state,
    reason: version.reason,
    last_job_state: lastJobState ?? "JOB_STATE_UNKNOWN",
    parallelism: String(parallelism),
    type: "PIPELINE_TYPE_TRANSFORM",
    user_spec_json: version.user_spec,
    effective_spec_json: version.effective_spec,
    metadata: version.version === row.version ? metadataOf(row) : {},
    details:
      details === undefined
        ? null
        : {
            ...toPipelineDetails(version),
            created_at: toTimestamp(row.created),
            // There are no workers to wait for.
            workers_started_at: state === "PIPELINE_FAILURE" ? null : toTimestamp(version.created),
            workers_requested: details === "workers" ? String(parallelism) : "0",
            workers_available: details === "workers" && state === "PIPELINE_RUNNING" ? String(parallelism) : "0",
          },
  };
}

export function toJobInfo(db: Database, job: JobRow, withDetails: boolean): JobInfo {
  const pipeline = pipelineById(db, job.pipeline);
  const repo = fromRepo({ project: pipeline.project, name: pipeline.name, type: "user" });
  return {
    job: { pipeline: fromPipeline(pipeline), id: job.set_id },
    pipeline_version: String(job.version),
    output_commit: { repo, id: job.set_id, branch: { repo, name: job.branch } },
    restart: String(job.restarts),
    data_processed: String(job.data_processed),
    data_skipped: String(job.data_skipped),
    data_failed: String(job.data_failed),
    data_recovered: String(job.data_recovered),
    data_total: String(job.data_total),
    stats: toProcessStats({
      downloadMs: job.download_ms,
      processMs: job.process_ms,
      uploadMs: job.upload_ms,
      downloadBytes: job.download_bytes,
      uploadBytes: job.upload_bytes,
    }),
    state: job.state,
    reason: job.reason,
    created: toTimestamp(job.created),
    started: job.started === null ? null : toTimestamp(job.started),
    finished: job.finished === null ? null : toTimestamp(job.finished),
    details: withDetails ? toJobDetails(pipelineVersion(db, job.pipeline, job.version), job.set_id) : null,
  };
}
