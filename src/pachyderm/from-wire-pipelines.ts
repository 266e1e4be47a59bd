import { toCommitName, toDate, toFileInfo, toMs, toNumber, toSureDate } from "./from-wire.ts";
import type { DatumInfo__Output } from "./generated/pps_v2/DatumInfo.ts";
import type { Input__Output } from "./generated/pps_v2/Input.ts";
import type { Job__Output } from "./generated/pps_v2/Job.ts";
import type { JobInfo__Output } from "./generated/pps_v2/JobInfo.ts";
import type { LogMessage__Output } from "./generated/pps_v2/LogMessage.ts";
import type { Pipeline__Output } from "./generated/pps_v2/Pipeline.ts";
import type { PipelineInfo__Output } from "./generated/pps_v2/PipelineInfo.ts";
import type { ProcessStats__Output } from "./generated/pps_v2/ProcessStats.ts";
import type {
  DatumInfo,
  JobInfo,
  JobName,
  LogLine,
  PfsInput,
  PipelineInfo,
  PipelineName,
  ProcessStats,
  RepoName,
} from "./types.ts";

function toPipelineName(pipeline: Pipeline__Output | undefined): PipelineName {
  return { project: pipeline?.project?.name ?? "default", name: pipeline?.name ?? "" };
}

function toJobName(job: Job__Output | undefined): JobName {
  return { pipeline: toPipelineName(job?.pipeline), id: job?.id ?? "" };
}

/** The inputs that are repos, in the spec's order; a cron input is the repo that it ticks into. */
function toPfsInputs(input: Input__Output | undefined): PfsInput[] {
  if (input === undefined) return [];
  const nested = [...(input.cross ?? []), ...(input.join ?? []), ...(input.group ?? []), ...(input.union ?? [])].flatMap(
    toPfsInputs,
  );
  const { pfs, cron } = input;
  const own = pfs === undefined ? [] : [toPfsInput(pfs, { branch: pfs.branch, glob: pfs.glob, type: pfs.repo_type })];
  const ticks = cron === undefined ? [] : [toPfsInput(cron, { branch: "master", glob: "/*", type: "user" })];
  return [...own, ...ticks, ...nested];
}

function toPfsInput(
  input: { readonly name?: string; readonly project?: string; readonly repo?: string; readonly commit?: string },
  rest: { readonly branch: string | undefined; readonly glob: string | undefined; readonly type: string | undefined },
): PfsInput {
  const type: RepoName["type"] = rest.type === "meta" || rest.type === "spec" ? rest.type : "user";
  return {
    name: input.name ?? input.repo ?? "",
    repo: { project: input.project ?? "default", name: input.repo ?? "", type },
    branch: rest.branch ?? "master",
    glob: rest.glob ?? "",
    commit: input.commit ?? "",
  };
}

export function toPipelineInfo(info: PipelineInfo__Output): PipelineInfo {
  const { details } = info;
  return {
    pipeline: toPipelineName(info.pipeline),
    version: toNumber(info.version),
    specCommit: toCommitName(info.spec_commit),
    state: info.state ?? "PIPELINE_STATE_UNKNOWN",
    reason: info.reason ?? details?.reason ?? "",
    stopped: info.stopped ?? false,
    lastJobState: info.last_job_state ?? "JOB_STATE_UNKNOWN",
    outputBranch: details?.output_branch ?? "master",
    image: details?.transform?.image ?? "",
    command: details?.transform?.cmd ?? [],
    inputs: toPfsInputs(details?.input),
    description: details?.description ?? "",
    created: toSureDate(details?.updated_at ?? details?.created_at),
    userSpecJson: info.user_spec_json ?? "",
    effectiveSpecJson: info.effective_spec_json ?? "",
  };
}

export function toJobInfo(info: JobInfo__Output): JobInfo {
  const job = toJobName(info.job);
  const output: RepoName = { ...job.pipeline, type: "user" };
  return {
    job,
    pipelineVersion: toNumber(info.pipeline_version),
    outputCommit: info.output_commit === undefined ? { repo: output, id: job.id } : toCommitName(info.output_commit),
    state: info.state ?? "JOB_STATE_UNKNOWN",
    reason: info.reason ?? "",
    created: toSureDate(info.created),
    started: toDate(info.started),
    finished: toDate(info.finished),
    datums: {
      total: toNumber(info.data_total),
      processed: toNumber(info.data_processed),
      skipped: toNumber(info.data_skipped),
      failed: toNumber(info.data_failed),
      recovered: toNumber(info.data_recovered),
    },
    inputs: toPfsInputs(info.details?.input),
    image: info.details?.transform?.image ?? "",
    stats: toProcessStats(info.stats),
  };
}

function toProcessStats(stats: ProcessStats__Output | undefined): ProcessStats {
  return {
    downloadMs: toMs(stats?.download_time),
    processMs: toMs(stats?.process_time),
    uploadMs: toMs(stats?.upload_time),
    downloadBytes: toNumber(stats?.download_bytes),
    uploadBytes: toNumber(stats?.upload_bytes),
  };
}

export function toDatumInfo(info: DatumInfo__Output): DatumInfo {
  return {
    job: toJobName(info.datum?.job),
    id: info.datum?.id ?? "",
    state: info.state ?? "UNKNOWN",
    files: (info.data ?? []).map(toFileInfo),
    stats: toProcessStats(info.stats),
  };
}

export function toLogLine(line: LogMessage__Output): LogLine {
  return {
    pipeline: { project: line.project_name ?? "default", name: line.pipeline_name ?? "" },
    jobId: line.job_id ?? "",
    datumId: line.datum_id ?? "",
    user: line.user ?? false,
    time: toDate(line.ts),
    message: line.message ?? "",
  };
}
