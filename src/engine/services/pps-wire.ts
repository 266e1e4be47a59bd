import type { CreatePipelineRequest__Output as CreatePipelineRequest } from "../../pachyderm/generated/pps_v2/CreatePipelineRequest.ts";
import type { DatumInfo } from "../../pachyderm/generated/pps_v2/DatumInfo.ts";
import type { Duration } from "../../pachyderm/generated/google/protobuf/Duration.ts";
import type { Input__Output as Input } from "../../pachyderm/generated/pps_v2/Input.ts";
import type { Job__Output as WireJob } from "../../pachyderm/generated/pps_v2/Job.ts";
import type { JobInfo } from "../../pachyderm/generated/pps_v2/JobInfo.ts";
import type { LogMessage } from "../../pachyderm/generated/pps_v2/LogMessage.ts";
import type { Pipeline__Output as WirePipeline } from "../../pachyderm/generated/pps_v2/Pipeline.ts";
import type { PipelineInfo } from "../../pachyderm/generated/pps_v2/PipelineInfo.ts";
import type { ProcessStats } from "../../pachyderm/generated/pps_v2/ProcessStats.ts";
import { commitById } from "../commits.ts";
import type { Database } from "../database.ts";
import { type DatumFile, type DatumRow, type DatumStats, NO_STATS } from "../datums.ts";
import { invalid } from "../fault.ts";
import type { LogRow } from "../job-log.ts";
import type { JobRow } from "../jobs.ts";
import { DEFAULT_PROJECT } from "../names.ts";
import type { PipelineKey } from "../pipeline-spec.ts";
import { type PipelineRow, type VersionRow, pipelineById, pipelineVersion } from "../pipelines.ts";
import { resolveCommit } from "../resolve-commit.ts";
import { parseSpec } from "../spec-json.ts";
import type { EngineState } from "../state.ts";
import { fromCommitWithBranch, fromRepo, toFileInfo, toTimestamp } from "./wire.ts";

export function toPipelineKey(pipeline: WirePipeline | undefined): PipelineKey {
  if (!pipeline?.name) throw invalid("validate request: a pipeline with a name is required");
  return { project: pipeline.project?.name || DEFAULT_PROJECT, name: pipeline.name };
}

export function toJobKey(job: WireJob | undefined): { pipeline: PipelineKey; id: string } {
  if (!job?.id) throw invalid("validate request: a job with an id is required");
  return { pipeline: toPipelineKey(job.pipeline), id: job.id };
}

function fromPipeline(key: PipelineKey): { project: { name: string }; name: string } {
  return { project: { name: key.project }, name: key.name };
}

function toDuration(milliseconds: number): Duration {
  return { seconds: String(Math.floor(milliseconds / 1000)), nanos: Math.round((milliseconds % 1000) * 1e6) };
}

function toProcessStats(stats: DatumStats): ProcessStats {
  return {
    download_time: toDuration(stats.downloadMs),
    process_time: toDuration(stats.processMs),
    upload_time: toDuration(stats.uploadMs),
    download_bytes: String(stats.downloadBytes),
    upload_bytes: String(stats.uploadBytes),
  };
}

/** What jobs and pipelines both show of their spec. */
function sharedDetails(request: CreatePipelineRequest, salt: string) {
  const {
    transform,
    parallelism_spec,
    resource_requests,
    resource_limits,
    sidecar_resource_requests,
    datum_set_spec,
    datum_timeout,
    job_timeout,
  } = request;
  return {
    transform: transform ?? null,
    parallelism_spec: parallelism_spec ?? null,
    resource_requests: resource_requests ?? null,
    resource_limits: resource_limits ?? null,
    sidecar_resource_requests: sidecar_resource_requests ?? null,
    datum_set_spec: datum_set_spec ?? null,
    datum_timeout: datum_timeout ?? null,
    job_timeout: job_timeout ?? null,
    datum_tries: request.datum_tries ?? "3",
    salt,
  };
}

/** An input with the defaults that the server fills in and, in a job, the commit set that it is read at. */
function completed(input: Input | undefined, project: string, setId?: string): Input {
  const pfs = input?.pfs;
  if (pfs === undefined) return input ?? {};
  return {
    ...input,
    pfs: {
      ...pfs,
      project: pfs.project || project,
      name: pfs.name || (pfs.repo ?? ""),
      repo_type: pfs.repo_type || "user",
      branch: pfs.branch || "master",
      ...(setId === undefined ? {} : { commit: setId }),
    },
  };
}

export function toPipelineInfo(db: Database, row: PipelineRow, version: VersionRow, withDetails: boolean): PipelineInfo {
  const request = parseSpec(version.effective_spec);
  const lastJob = db.get<JobRow>("SELECT * FROM jobs WHERE pipeline = ? ORDER BY id DESC", row.id);
  const first = pipelineVersion(db, row.id, 1);
  return {
    pipeline: fromPipeline(row),
    version: String(version.version),
    spec_commit: fromCommitWithBranch(db, commitById(db, version.spec_commit)),
    stopped: row.stopped !== 0,
    state: row.stopped === 0 ? "PIPELINE_RUNNING" : "PIPELINE_PAUSED",
    last_job_state: lastJob?.state ?? "JOB_STATE_UNKNOWN",
    parallelism: request.parallelism_spec?.constant ?? "1",
    type: "PIPELINE_TYPE_TRANSFORM",
    user_spec_json: version.user_spec,
    effective_spec_json: version.effective_spec,
    details: withDetails
      ? {
          ...sharedDetails(request, version.salt),
          input: completed(request.input, row.project),
          output_branch: row.output_branch,
          description: request.description ?? "",
          created_at: toTimestamp(first.created),
          updated_at: toTimestamp(version.created),
          workers_requested: row.stopped === 0 ? (request.parallelism_spec?.constant ?? "1") : "0",
          workers_available: row.stopped === 0 ? (request.parallelism_spec?.constant ?? "1") : "0",
          reprocess_spec: request.reprocess_spec ?? "",
          autoscaling: request.autoscaling ?? false,
          metadata: request.metadata ?? null,
        }
      : null,
  };
}

interface Counts {
  readonly processed: number;
  readonly skipped: number;
  readonly failed: number;
  readonly recovered: number;
}

function countDatums(db: Database, job: JobRow): { counts: Counts; stats: DatumStats } {
  const rows = db.all<{ state: string; number: number; d: number; p: number; u: number; db: number; ub: number }>(
    `SELECT state, count(*) AS number, sum(stats ->> 'downloadMs') AS d, sum(stats ->> 'processMs') AS p, sum(stats ->> 'uploadMs') AS u,
     sum(stats ->> 'downloadBytes') AS db, sum(stats ->> 'uploadBytes') AS ub FROM datums WHERE job = ? GROUP BY state`,
    job.id,
  );
  const count = (state: string): number => rows.find((row) => row.state === state)?.number ?? 0;
  const stats = rows.reduce(
    (sum, row) => ({
      downloadMs: sum.downloadMs + row.d,
      processMs: sum.processMs + row.p,
      uploadMs: sum.uploadMs + row.u,
      downloadBytes: sum.downloadBytes + row.db,
      uploadBytes: sum.uploadBytes + row.ub,
    }),
    NO_STATS,
  );
  return {
    counts: { processed: count("SUCCESS"), skipped: count("SKIPPED"), failed: count("FAILED"), recovered: count("RECOVERED") },
    stats,
  };
}

export function toJobInfo(db: Database, job: JobRow, withDetails: boolean): JobInfo {
  const row = pipelineById(db, job.pipeline);
  const version = pipelineVersion(db, row.id, job.version);
  const { counts, stats } = countDatums(db, job);
  const request = withDetails ? parseSpec(version.effective_spec) : undefined;
  return {
    job: { pipeline: fromPipeline(row), id: job.set_id },
    pipeline_version: String(job.version),
    output_commit: fromCommitWithBranch(db, commitById(db, job.output_commit)),
    restart: String(job.restarts),
    data_processed: String(counts.processed),
    data_skipped: String(counts.skipped),
    data_failed: String(counts.failed),
    data_recovered: String(counts.recovered),
    data_total: String(job.data_total),
    stats: toProcessStats(stats),
    state: job.state,
    reason: job.reason,
    created: toTimestamp(job.created),
    started: job.started === null ? null : toTimestamp(job.started),
    finished: job.finished === null ? null : toTimestamp(job.finished),
    details:
      request === undefined
        ? null
        : { ...sharedDetails(request, version.salt), input: completed(request.input, row.project, job.set_id) },
  };
}

export function toDatumInfo(state: EngineState, job: JobRow, datum: DatumRow): DatumInfo {
  const pipeline = pipelineById(state.db, job.pipeline);
  const files = JSON.parse(datum.files) as DatumFile[];
  const metaRepo = fromRepo({ project: pipeline.project, name: pipeline.name, type: "meta" });
  return {
    datum: { job: { pipeline: fromPipeline(pipeline), id: job.set_id }, id: datum.id },
    state: datum.state,
    stats: toProcessStats(JSON.parse(datum.stats) as DatumStats),
    pfs_state: { commit: { repo: metaRepo, id: job.set_id }, path: `/pfs/${datum.id}` },
    data: files.map((file) => {
      const commit = resolveCommit(state.db, { repo: file.repo, branch: undefined, id: file.commit });
      return toFileInfo(state, commit, { ...file, content: undefined });
    }),
  };
}

export function toLogMessage(db: Database, job: JobRow, line: LogRow): LogMessage {
  const pipeline = pipelineById(db, job.pipeline);
  return {
    project_name: pipeline.project,
    pipeline_name: pipeline.name,
    job_id: job.set_id,
    worker_id: `${pipeline.project}-${pipeline.name}-v${job.version}`,
    datum_id: line.datum,
    user: line.user !== 0,
    ts: toTimestamp(line.time),
    message: line.message,
  };
}
