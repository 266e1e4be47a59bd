import type { Timestamp__Output as Timestamp } from "../../pachyderm/generated/google/protobuf/Timestamp.ts";
import type { JobInfo } from "../../pachyderm/generated/pps_v2/JobInfo.ts";
import type { JobSetInfo } from "../../pachyderm/generated/pps_v2/JobSetInfo.ts";
import type { ListJobRequest__Output as ListJobRequest } from "../../pachyderm/generated/pps_v2/ListJobRequest.ts";
import type { ListJobSetRequest__Output as ListJobSetRequest } from "../../pachyderm/generated/pps_v2/ListJobSetRequest.ts";
import type { SubscribeJobRequest__Output as SubscribeJobRequest } from "../../pachyderm/generated/pps_v2/SubscribeJobRequest.ts";
import type { Database } from "../store/database.ts";
import { invalid, refused } from "../fault.ts";
import { listJobs } from "../pps/job-lists.ts";
import { type JobRow, findJobById, hasEnded, jobsOfSet } from "../pps/jobs.ts";
import { findPipeline, pipelineById, pipelineNotFound } from "../pps/pipelines.ts";
import { resolveCommit } from "../pfs/resolve-commit.ts";
import type { EngineState } from "../state.ts";
import { toJobInfo, toPipelineKey } from "./pps-wire.ts";
import { toCommitKey } from "./wire.ts";

/** The job when it has ended. Throws UNKNOWN if it is deleted before. */
export function waitForJob(state: EngineState, { id, set_id: setId }: JobRow, signal: AbortSignal): Promise<JobRow> {
  return state.until(() => {
    const row = findJobById(state.db, id);
    if (row === undefined) throw refused(`job ${setId} was deleted`);
    return hasEnded(row) ? row : undefined;
  }, signal);
}

interface JobSetOptions {
  readonly wait?: boolean | undefined;
  readonly details?: boolean | undefined;
}

/** The jobs of a commit set, upstream first; with `wait` each one when it has ended. A set without jobs has none, and is no error. */
export async function* inspectJobSet(
  state: EngineState,
  id: string,
  { wait, details }: JobSetOptions,
  signal: AbortSignal,
): AsyncIterableIterator<JobInfo> {
  for (const job of jobsOfSet(state.db, id))
    yield toJobInfo(state.db, wait ? await waitForJob(state, job, signal) : job, details ?? false);
}

/** Newest first; of the current version of each pipeline, unless history is asked for. */
export function* listJobInfos(db: Database, request: ListJobRequest): IterableIterator<JobInfo> {
  refuseFilter(request);
  const number = Number(request.number ?? 0) || Number.POSITIVE_INFINITY;
  const jobs = listJobs(db, {
    pipeline: pipelineOf(db, request),
    projects: namesOf(request),
    history: Number(request.history ?? 0),
    inputs: (request.input_commit ?? []).map((commit) => resolveCommit(db, toCommitKey(commit)).id),
    marker: toMs(request.paginationMarker),
    reverse: request.reverse ?? false,
  });
  for (const job of jobs.take(number)) yield toJobInfo(db, job, request.details ?? false);
}

function pipelineOf(db: Database, { pipeline }: ListJobRequest): number | undefined {
  if (!pipeline?.name) return undefined;
  const key = toPipelineKey(pipeline);
  const row = findPipeline(db, key);
  if (row === undefined) throw pipelineNotFound(key);
  return row.id;
}

/** The sets in the order of their newest jobs, newest first; with `reverse` of their oldest, oldest first. */
export function* listJobSets(db: Database, request: ListJobSetRequest): IterableIterator<JobSetInfo> {
  refuseFilter(request);
  const number = Number(request.number ?? 0);
  if (number < 0) throw refused("number must be non-negative");
  const projects = namesOf(request);
  const { reverse = false } = request;
  const newest = listJobs(db, { projects, history: -1, inputs: [], reverse }).filter(isFirstOfSet());
  const marker = toMs(request.paginationMarker) ?? (reverse ? 0 : Number.POSITIVE_INFINITY);
  const wanted = newest.filter(({ created }) => (reverse ? created > marker : created < marker));
  for (const { set_id: id } of wanted.take(number || Number.POSITIVE_INFINITY)) {
    const jobs = jobsOfSet(db, id).filter(
      ({ pipeline }) => projects.length === 0 || projects.includes(pipelineById(db, pipeline).project),
    );
    yield { job_set: { id }, jobs: jobs.map((job) => toJobInfo(db, job, request.details ?? false)) };
  }
}

function isFirstOfSet(): (job: JobRow) => boolean {
  const seen = new Set<string>();
  return ({ set_id: id }) => {
    const isFirst = !seen.has(id);
    seen.add(id);
    return isFirst;
  };
}

/** The jobs of a pipeline that have not ended, and each new one, once. Never ends by itself. */
export async function* subscribeJobs(
  state: EngineState,
  request: SubscribeJobRequest,
  signal: AbortSignal,
): AsyncIterableIterator<JobInfo> {
  const { db } = state;
  const key = toPipelineKey(request.pipeline);
  for (let last = 0; ;) {
    const job = await state.until(
      () =>
        db.get<JobRow>(
          `SELECT j.* FROM jobs j JOIN pipelines p ON p.id = j.pipeline
           WHERE p.project = ? AND p.name = ? AND j.id > ? AND j.finished IS NULL ORDER BY j.id LIMIT 1`,
          key.project,
          key.name,
          last,
        ),
      signal,
    );
    last = job.id;
    yield toJobInfo(db, job, request.details ?? false);
  }
}

function refuseFilter({ jqFilter }: { readonly jqFilter?: string }): void {
  if (jqFilter) throw invalid("the embedded engine does not take a jq filter; filter its answer instead");
}

function namesOf({ projects = [] }: Pick<ListJobRequest, "projects">): string[] {
  return projects.map(({ name }) => name ?? "");
}

function toMs(time: Timestamp | undefined): number | undefined {
  return time === undefined ? undefined : Number(time.seconds ?? 0) * 1000 + (time.nanos ?? 0) / 1e6;
}
