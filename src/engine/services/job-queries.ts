import type { DatumInfo } from "../../pachyderm/generated/pps_v2/DatumInfo.ts";
import type { JobInfo } from "../../pachyderm/generated/pps_v2/JobInfo.ts";
import type { JobSetInfo } from "../../pachyderm/generated/pps_v2/JobSetInfo.ts";
import type { ListDatumRequest__Output as ListDatumRequest } from "../../pachyderm/generated/pps_v2/ListDatumRequest.ts";
import type { ListJobRequest__Output as ListJobRequest } from "../../pachyderm/generated/pps_v2/ListJobRequest.ts";
import type { ListJobSetRequest__Output as ListJobSetRequest } from "../../pachyderm/generated/pps_v2/ListJobSetRequest.ts";
import type { Database } from "../database.ts";
import { datumsOfJob } from "../datums.ts";
import { invalid, notFound, refused, unimplemented } from "../fault.ts";
import { type JobRow, hasEnded, inspectJob, jobsOfSet, listJobs } from "../jobs.ts";
import { inspectPipeline, pipelineById } from "../pipelines.ts";
import type { EngineState } from "../state.ts";
import { toDatumInfo, toJobInfo, toJobKey, toPipelineKey } from "./pps-wire.ts";

export function waitForJob(state: EngineState, id: number, signal: AbortSignal): Promise<JobRow> {
  return state.until(() => {
    const row = state.db.get<JobRow>("SELECT * FROM jobs WHERE id = ?", id);
    if (row === undefined) throw refused("the job was deleted");
    return hasEnded(row) ? row : undefined;
  }, signal);
}

interface JobSetOptions {
  readonly wait?: boolean | undefined;
  readonly details?: boolean | undefined;
}

/** The jobs of a commit set, upstream first; with `wait` each one when it has ended. */
export async function* inspectJobSet(
  state: EngineState,
  id: string,
  { wait, details }: JobSetOptions,
  signal: AbortSignal,
): AsyncIterableIterator<JobInfo> {
  const jobs = jobsOfSet(state.db, id);
  if (jobs.length === 0) throw notFound(`no jobs found for job set ${id}`);
  for (const job of jobs) yield toJobInfo(state.db, wait ? await waitForJob(state, job.id, signal) : job, details ?? false);
}

/** Newest first; of the current version of each pipeline, unless history is asked for. */
export function* listJobInfos(db: Database, request: ListJobRequest): IterableIterator<JobInfo> {
  if (request.jqFilter) throw invalid("the embedded engine does not take a jq filter; filter its answer instead");
  if (request.input_commit?.length) throw unimplemented("the embedded engine does not list jobs by input commit");
  const only = request.pipeline?.name ? inspectPipeline(db, toPipelineKey(request.pipeline)).id : undefined;
  const projects = (request.projects ?? []).map(({ name }) => name ?? "");
  for (const job of page(listJobs(db), request)) {
    const pipeline = pipelineById(db, job.pipeline);
    if (only !== undefined && job.pipeline !== only) continue;
    if (projects.length > 0 && !projects.includes(pipeline.project)) continue;
    if (Number(request.history ?? 0) === 0 && job.version !== pipeline.version) continue;
    yield toJobInfo(db, job, request.details ?? false);
  }
}

function page(jobs: JobRow[], request: Pick<ListJobRequest, "number" | "reverse" | "paginationMarker">): JobRow[] {
  const number = Number(request.number ?? 0);
  const marker = request.paginationMarker;
  const time = marker === undefined ? undefined : Number(marker.seconds ?? 0) * 1000 + (marker.nanos ?? 0) / 1e6;
  const ordered = request.reverse ? jobs.toReversed() : jobs;
  const after =
    time === undefined ? ordered : ordered.filter(({ created }) => (request.reverse ? created > time : created < time));
  return number > 0 ? after.slice(0, number) : after;
}

/** Newest first. */
export function* listJobSets(db: Database, request: ListJobSetRequest): IterableIterator<JobSetInfo> {
  if (request.jqFilter) throw invalid("the embedded engine does not take a jq filter; filter its answer instead");
  const projects = (request.projects ?? []).map(({ name }) => name ?? "");
  const jobs = listJobs(db).filter((job) => projects.length === 0 || projects.includes(pipelineById(db, job.pipeline).project));
  const sets = Map.groupBy(page(jobs, { ...request, number: "0" }), ({ set_id }) => set_id);
  const most = Number(request.number ?? 0) || sets.size;
  for (const [id, members] of [...sets].slice(0, most)) {
    yield { job_set: { id }, jobs: members.map((job) => toJobInfo(db, job, request.details ?? false)) };
  }
}

/** The datums of a job, in the order of their ids. */
export function* listDatums(state: EngineState, request: ListDatumRequest): IterableIterator<DatumInfo> {
  if (request.input !== undefined) throw unimplemented("the embedded engine lists the datums of a job, not of an input");
  const { pipeline, id } = toJobKey(request.job);
  const job = inspectJob(state.db, pipeline, id);
  const states = (request.filter?.state ?? []).map(String);
  const marker = request.paginationMarker ?? "";
  const number = Number(request.number ?? 0);
  if (request.reverse && number === 0) throw invalid("number must be > 0 when reverse is set");
  let left = number === 0 ? Number.POSITIVE_INFINITY : number;
  const rows = datumsOfJob(state.db, job.id);
  for (const row of request.reverse ? rows.toReversed() : rows) {
    if (states.length > 0 && !states.includes(row.state)) continue;
    if (marker !== "" && (request.reverse ? row.id >= marker : row.id <= marker)) continue;
    if (left <= 0) return;
    left -= 1;
    yield toDatumInfo(state, job, row);
  }
}
