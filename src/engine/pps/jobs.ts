import { type CommitRow, commitById, sealCommit } from "../pfs/commits.ts";
import type { Database } from "../store/database.ts";
import { notFound } from "../fault.ts";
import { finishWhenParentHas } from "../pfs/finish.ts";
import type { PipelineKey } from "./pipeline-spec.ts";
import type { Transaction } from "../transaction.ts";
import type { NodeStore } from "../tree/tree.ts";

export type JobState =
  | "JOB_CREATED"
  | "JOB_STARTING"
  | "JOB_RUNNING"
  | "JOB_EGRESSING"
  | "JOB_FINISHING"
  | "JOB_SUCCESS"
  | "JOB_FAILURE"
  | "JOB_KILLED"
  | "JOB_UNRUNNABLE";

export interface JobRow {
  readonly id: number;
  readonly pipeline: number;
  readonly version: number;
  readonly set_id: string;
  /** The branch that its output commit was made on. */
  readonly branch: string;
  /** A job stays when its output commit is dropped. An unfinished one always has it: see `settleJobs`. */
  readonly output_commit: number | null;
  readonly state: JobState;
  readonly reason: string;
  readonly restarts: number;
  readonly data_total: number;
  readonly data_processed: number;
  readonly data_skipped: number;
  readonly data_failed: number;
  readonly data_recovered: number;
  readonly download_ms: number;
  readonly process_ms: number;
  readonly upload_ms: number;
  readonly download_bytes: number;
  readonly upload_bytes: number;
  /** The root of the tree of the datums that it skips; see datum-runs.ts. */
  readonly datums: string | null;
  /** Of no two jobs the same, and growing with `id`: lists are paged by it. Has a fraction of a millisecond. */
  readonly created: number;
  readonly started: number | null;
  readonly finished: number | null;
}

export function hasEnded(job: JobRow): boolean {
  return job.finished !== null;
}

export function findJobById(db: Database, id: number): JobRow | undefined {
  return db.get("SELECT * FROM jobs WHERE id = ?", id);
}

export function jobById(db: Database, id: number): JobRow {
  const row = findJobById(db, id);
  if (row === undefined) throw notFound("the job was deleted");
  return row;
}

export function inspectJob(db: Database, pipeline: PipelineKey, setId: string): JobRow {
  const row = db.get<JobRow>(
    "SELECT j.* FROM jobs j JOIN pipelines p ON p.id = j.pipeline WHERE p.project = ? AND p.name = ? AND j.set_id = ?",
    pipeline.project,
    pipeline.name,
    setId,
  );
  if (row === undefined) throw notFound(`jobs ${pipeline.project}/${pipeline.name}@${setId} not found`);
  return row;
}

/** Upstream first. */
export function jobsOfSet(db: Database, setId: string): JobRow[] {
  return db.all("SELECT * FROM jobs WHERE set_id = ? ORDER BY id", setId);
}

/** The newest of a pipeline, up to one of its versions if that is said. */
export function lastJob(db: Database, pipelineId: number, version = Number.MAX_SAFE_INTEGER): JobRow | undefined {
  return db.get("SELECT * FROM jobs WHERE pipeline = ? AND version <= ? ORDER BY id DESC LIMIT 1", pipelineId, version);
}

/** The oldest job of each pipeline that has work to do: a pipeline works on one commit at a time. */
export function nextJobs(db: Database): JobRow[] {
  return db.all(
    `SELECT * FROM jobs WHERE id IN (SELECT min(id) FROM jobs WHERE finished IS NULL GROUP BY pipeline)
     AND state <> 'JOB_FINISHING' ORDER BY id`,
  );
}

export function unfinishedJobs(db: Database, pipelineId: number): JobRow[] {
  return db.all("SELECT * FROM jobs WHERE pipeline = ? AND finished IS NULL ORDER BY id", pipelineId);
}

/** The commit that an unfinished job writes. */
export function outputCommit(db: Database, job: JobRow): CommitRow {
  if (job.output_commit === null) throw new Error(`job ${job.set_id} has lost its output commit`);
  return commitById(db, job.output_commit);
}

/** Puts the jobs that a stopped engine left in the middle back to their start; finished datums are kept. */
export function restartJobs(tx: Transaction): void {
  tx.db.run(
    `UPDATE jobs SET state = 'JOB_CREATED', restarts = restarts + 1 WHERE finished IS NULL AND state <> 'JOB_CREATED'
     AND output_commit IN (SELECT id FROM commits WHERE finishing IS NULL)`,
  );
}

/** A job has started when it first runs; what comes before is waiting. */
export function setJobState(tx: Transaction, job: JobRow, state: JobState): void {
  const started = state === "JOB_CREATED" || state === "JOB_STARTING" ? null : tx.now;
  tx.db.run("UPDATE jobs SET state = ?, started = coalesce(started, ?) WHERE id = ?", state, started, job.id);
}

export interface JobEnd {
  readonly state: "JOB_SUCCESS" | "JOB_FAILURE" | "JOB_KILLED" | "JOB_UNRUNNABLE";
  readonly reason: string;
}

/**
 * Ends a job and finishes its output commit and the meta commit beside it. Any end but success leaves its reason as their
 * error, so that what follows builds on the last good commit. A successful job whose output cannot be finished yet, since the
 * commit before it is open, waits in JOB_FINISHING.
 */
export function endJob(tx: Transaction, nodes: NodeStore, job: JobRow, end: JobEnd): void {
  const error = end.state === "JOB_SUCCESS" ? "" : end.reason;
  for (const commit of writtenCommits(tx.db, job)) {
    if (commit.finishing !== null) continue;
    sealCommit(tx, commit, "", error);
    finishWhenParentHas(tx, nodes, commitById(tx.db, commit.id));
  }
  const output = job.output_commit === null ? undefined : commitById(tx.db, job.output_commit);
  if (end.state === "JOB_SUCCESS" && output?.finished === null) setJobState(tx, job, "JOB_FINISHING");
  else if (end.state === "JOB_SUCCESS" && output !== undefined && output.error !== "")
    closeJob(tx, job, { state: "JOB_FAILURE", reason: output.error });
  else closeJob(tx, job, end);
}

/** Ends a job by a user's wish; one that has ended stays as it is. The runner, which watches, kills its processes. */
export function stopJob(tx: Transaction, nodes: NodeStore, job: JobRow, reason: string): void {
  if (!hasEnded(job)) endJob(tx, nodes, job, { state: "JOB_KILLED", reason: reason || "job stopped" });
}

/** Forgets a job. What it wrote stays, and is finished with an error if it was not yet. */
export function deleteJob(tx: Transaction, nodes: NodeStore, job: JobRow): void {
  stopJob(tx, nodes, job, "job deleted");
  tx.db.run("DELETE FROM jobs WHERE id = ?", job.id);
}

/**
 * Brings the jobs in line with the commits, at the end of each transaction: each new commit on a pipeline's output branch gets
 * its job; jobs that cannot run, since their pipeline has nothing to run or their output commit was removed, are killed; those
 * that waited for their output commit to be finished have ended when it is.
 */
export function settleJobs(tx: Transaction, nodes: NodeStore): void {
  createJobs(tx);
  for (const job of newJobsOfFailedPipelines(tx)) stopJob(tx, nodes, job, "");
  // The condition is that of an index, in which few jobs are.
  const unsettled = "finished IS NULL AND (output_commit IS NULL OR state = 'JOB_FINISHING')";
  for (const job of tx.db.all<JobRow>(`SELECT * FROM jobs WHERE ${unsettled} ORDER BY id`)) {
    if (job.output_commit === null) endJob(tx, nodes, job, { state: "JOB_KILLED", reason: "output commit removed" });
    else if (outputCommit(tx.db, job).finished !== null) endJob(tx, nodes, job, { state: "JOB_SUCCESS", reason: "" });
  }
}

function newJobsOfFailedPipelines({ db, setId }: Transaction): JobRow[] {
  return db.all(
    `SELECT j.* FROM jobs j JOIN pipeline_versions v ON v.pipeline = j.pipeline AND v.version = j.version
     WHERE j.set_id = ? AND j.finished IS NULL AND v.reason <> '' ORDER BY j.id`,
    setId,
  );
}

function createJobs(tx: Transaction): void {
  const newest = tx.db.get<{ created: number }>("SELECT created FROM jobs ORDER BY id DESC LIMIT 1");
  tx.db.run(
    `INSERT INTO jobs (pipeline, version, set_id, branch, output_commit, state, created)
     SELECT p.id, p.version, c.set_id, c.branch, c.id, 'JOB_CREATED', ? + row_number() OVER (ORDER BY c.id) / 1000.0
     FROM commits c JOIN repos r ON r.id = c.repo
     JOIN pipelines p ON p.project = r.project AND p.name = r.name AND p.output_branch = c.branch
     WHERE c.set_id = ? AND r.type = 'user' AND c.finishing IS NULL AND c.origin = 'AUTO'
     AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.pipeline = p.id AND j.set_id = c.set_id) ORDER BY c.id`,
    Math.max(tx.now, newest?.created ?? 0),
    tx.setId,
  );
}

function closeJob(tx: Transaction, job: JobRow, { state, reason }: JobEnd): void {
  tx.db.run(
    "UPDATE jobs SET state = ?, reason = ?, started = coalesce(started, ?), finished = ? WHERE id = ?",
    state,
    reason,
    tx.now,
    tx.now,
    job.id,
  );
}

/** A job's commits in its pipeline's output and meta repos, as far as they are there. */
function writtenCommits(db: Database, job: JobRow): CommitRow[] {
  return db.all(
    `SELECT c.* FROM pipelines p JOIN repos r ON r.project = p.project AND r.name = p.name AND r.type IN ('user', 'meta')
     JOIN commits c ON c.repo = r.id AND c.set_id = ? WHERE p.id = ? ORDER BY r.type DESC`,
    job.set_id,
    job.pipeline,
  );
}
