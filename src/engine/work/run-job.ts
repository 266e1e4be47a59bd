import { commitById, provenanceOf } from "../pfs/commits.ts";
import { contradiction } from "../files/contradiction.ts";
import { findFailed } from "../pps/datum-runs.ts";
import { planDatums } from "../pps/datums.ts";
import { type JobEnd, type JobRow, endJob, findJobById, hasEnded, jobById, outputCommit, setJobState } from "../pps/jobs.ts";
import type { PipelineSpec } from "../pps/pipeline-spec.ts";
import { type VersionRow, pipelineVersion, specOf } from "../pps/pipelines.ts";
import { prepareJob } from "./prepare-job.ts";
import { repoById } from "../pfs/repos.ts";
import type { EngineState } from "../state.ts";
import type { PlannedDatum } from "./datum-sets.ts";
import { writeOutput } from "./egress.ts";
import type { JobTools } from "./job-tools.ts";
import { prepareWork } from "./prepare-work.ts";
import type { RunningDatums } from "./running-datums.ts";
import { timeLimit } from "./time-limit.ts";
import { workThrough } from "./workers.ts";

/**
 * Drives a job to its end: plans its datums, works through those that are left to do, and finishes its output. When the signal
 * aborts it stops, and leaves the job as it is.
 */
export async function runJob(tools: JobTools, job: JobRow, running: RunningDatums, signal: AbortSignal): Promise<void> {
  const { state } = tools;
  const failed = failedUpstream(state, job);
  if (failed.length > 0) {
    const reason = `unrunnable because the following upstream pipelines failed: ${failed.join(", ")}`;
    return end(tools, job, { state: "JOB_UNRUNNABLE", reason });
  }
  const version = pipelineVersion(state.db, job.pipeline, job.version);
  const spec = specOf(version);
  const todo = planWork(tools, job, spec, version);
  using limit = jobLimit(jobById(state.db, job.id), spec);
  if (todo.length > 0) {
    const specCommit = commitById(state.db, version.spec_commit).set_id;
    const work = prepareWork(tools, { job, spec, specCommit, running, signal: AbortSignal.any([signal, limit.signal]) });
    await workThrough(tools, work, todo);
  }
  if (limit.signal.aborted) end(tools, job, { state: "JOB_KILLED", reason: (limit.signal.reason as Error).message });
  else if (!signal.aborted) await conclude(tools, job, spec, signal);
}

function failedUpstream({ db }: EngineState, job: JobRow): string[] {
  const upstream = provenanceOf(db, outputCommit(db, job));
  return upstream.filter(({ error }) => error !== "").map(({ repo }) => repoById(db, repo).name);
}

/** Decides what is left to do, and has the job's commits begin with what stays. */
function planWork({ state, logs }: JobTools, job: JobRow, spec: PipelineSpec, version: VersionRow): PlannedDatum[] {
  const datums = planDatums(state, spec.input, outputCommit(state.db, job), version.salt);
  const todo = state.write((tx) => {
    setJobState(tx, job, "JOB_RUNNING");
    return prepareJob(tx, state.nodes, job, datums, spec.everyJob);
  });
  logs.add({
    job: job.id,
    datum: "",
    source: "master",
    message: `job ${job.set_id} begins: ${todo.length} of ${datums.length} datums to work on`,
  });
  const places = new Map(datums.map(({ id }, index) => [id, index]));
  return todo.map((datum) => ({ datum, index: places.get(datum.id) ?? 0 }));
}

/** The time that a job has left: also what it ran before the engine was started again counts. */
function jobLimit({ started }: JobRow, { jobTimeoutMs }: PipelineSpec): ReturnType<typeof timeLimit> {
  const ran = started === null ? 0 : Date.now() - started;
  const left = jobTimeoutMs === undefined ? undefined : Math.max(0, jobTimeoutMs - ran);
  return timeLimit(left, `the time of ${(jobTimeoutMs ?? 0) / 1000}s is up: jobtimed out`);
}

/**
 * Ends a job whose datums are done: it has failed with any of them, or with its egress. Where its output contradicts itself, so
 * finishing the output commit finds, and the job fails with it (endJob).
 */
async function conclude(tools: JobTools, job: JobRow, spec: PipelineSpec, signal: AbortSignal): Promise<void> {
  const { db, nodes } = tools.state;
  const current = findJobById(db, job.id);
  if (current === undefined || hasEnded(current)) return;
  const failed = findFailed(db, current);
  const { base, root } = outputCommit(db, current);
  let reason = failed === undefined ? "" : `datum ${failed} failed`;
  if (failed === undefined && spec.egressUrl !== "" && contradiction(nodes, base, root) === "")
    reason = await writeOutput(tools, current, spec.egressUrl, signal);
  if (!signal.aborted) end(tools, job, { state: reason === "" ? "JOB_SUCCESS" : "JOB_FAILURE", reason });
}

/** Ends a job, unless somebody else has. */
export function end({ state, logs }: Pick<JobTools, "state" | "logs">, job: JobRow, how: JobEnd): void {
  state.write((tx) => {
    const current = findJobById(tx.db, job.id);
    if (current === undefined || hasEnded(current)) return;
    endJob(tx, state.nodes, current, how);
    const { state: ended, reason } = jobById(tx.db, job.id);
    const message = `job ${job.set_id} ends as ${ended}${reason === "" ? "" : `: ${reason}`}`;
    logs.add({ job: job.id, datum: "", source: "master", message });
    logs.flushIn(tx);
  });
}
