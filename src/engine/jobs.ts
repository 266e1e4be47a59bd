import { type CommitRow, commitById, sealCommit } from "./commits.ts";
import type { Database } from "./database.ts";
import { notFound, refused } from "./fault.ts";
import { finishWhenParentHas } from "./finish.ts";
import type { PipelineKey } from "./pipeline-spec.ts";
import type { Transaction } from "./transaction.ts";
import type { NodeStore } from "./tree.ts";

export type JobState =
  | "JOB_CREATED"
  | "JOB_STARTING"
  | "JOB_RUNNING"
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
  readonly output_commit: number;
  readonly state: JobState;
  readonly reason: string;
  readonly restarts: number;
  readonly data_total: number;
  readonly created: number;
  readonly started: number | null;
  readonly finished: number | null;
}

const ENDED = "('JOB_SUCCESS', 'JOB_FAILURE', 'JOB_KILLED', 'JOB_UNRUNNABLE')";

export function hasEnded(job: JobRow): boolean {
  return job.finished !== null;
}

/** Gives each new commit on a pipeline's output branch its job. Runs once, at the end of each transaction. */
export function createJobs(tx: Transaction): void {
  tx.db.run(
    `INSERT INTO jobs (pipeline, version, set_id, output_commit, state, created)
     SELECT p.id, p.version, c.set_id, c.id, 'JOB_CREATED', ? FROM commits c JOIN repos r ON r.id = c.repo
     JOIN pipelines p ON p.project = r.project AND p.name = r.name AND p.output_branch = c.branch
     WHERE c.set_id = ? AND r.type = 'user' AND c.finishing IS NULL AND c.origin = 'AUTO'
     AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.pipeline = p.id AND j.set_id = c.set_id) ORDER BY c.id`,
    tx.now,
    tx.setId,
  );
}

export function jobById(db: Database, id: number): JobRow {
  const row = db.get<JobRow>("SELECT * FROM jobs WHERE id = ?", id);
  if (row === undefined) throw notFound("the job was deleted");
  return row;
}

function findJob(db: Database, pipeline: PipelineKey, setId: string): JobRow | undefined {
  return db.get(
    "SELECT j.* FROM jobs j JOIN pipelines p ON p.id = j.pipeline WHERE p.project = ? AND p.name = ? AND j.set_id = ?",
    pipeline.project,
    pipeline.name,
    setId,
  );
}

export function inspectJob(db: Database, pipeline: PipelineKey, setId: string): JobRow {
  const row = findJob(db, pipeline, setId);
  if (row === undefined) throw notFound(`jobs ${pipeline.project}/${pipeline.name}@${setId} not found`);
  return row;
}

/** Newest first. */
export function listJobs(db: Database): JobRow[] {
  return db.all("SELECT * FROM jobs ORDER BY id DESC");
}

/** Upstream first. */
export function jobsOfSet(db: Database, setId: string): JobRow[] {
  return db.all("SELECT * FROM jobs WHERE set_id = ? ORDER BY output_commit", setId);
}

/** The oldest job of each pipeline that has not ended: a pipeline works on one commit at a time. */
export function nextJobs(db: Database): JobRow[] {
  return db.all(
    `SELECT * FROM jobs WHERE id IN (SELECT min(id) FROM jobs WHERE state NOT IN ${ENDED} GROUP BY pipeline) ORDER BY id`,
  );
}

export function unfinishedJobs(db: Database, pipelineId: number): JobRow[] {
  return db.all(`SELECT * FROM jobs WHERE pipeline = ? AND state NOT IN ${ENDED} ORDER BY id`, pipelineId);
}

/** Puts the jobs that a stopped engine left in the middle back to their start; finished datums are kept. */
export function restartJobs(tx: Transaction): void {
  tx.db.run(
    "UPDATE jobs SET state = 'JOB_CREATED', restarts = restarts + 1 WHERE state IN ('JOB_STARTING', 'JOB_RUNNING', 'JOB_FINISHING')",
  );
}

export function setJobState(tx: Transaction, job: JobRow, state: JobState): void {
  tx.db.run("UPDATE jobs SET state = ?, started = coalesce(started, ?) WHERE id = ?", state, tx.now, job.id);
}

/**
 * Ends a job and finishes its output commit and the meta commit beside it. Any end but success leaves its reason as their
 * error, so that what follows builds on the last good commit.
 */
export function endJob(
  tx: Transaction,
  nodes: NodeStore,
  job: JobRow,
  end: { state: JobState; reason: string; root?: string },
): void {
  const { db } = tx;
  const output = commitById(db, job.output_commit);
  if (end.root !== undefined) db.run("UPDATE commits SET root = ? WHERE id = ?", end.root, output.id);
  const error = end.state === "JOB_SUCCESS" ? "" : end.reason;
  for (const commit of [output, metaCommit(db, output)]) {
    if (commit === undefined || commit.finishing !== null) continue;
    sealCommit(tx, commit, "", error);
    finishWhenParentHas(tx, nodes, commitById(db, commit.id));
  }
  const found = commitById(db, output.id).error;
  const state = end.state === "JOB_SUCCESS" && found !== "" ? "JOB_FAILURE" : end.state;
  db.run(
    "UPDATE jobs SET state = ?, reason = ?, started = coalesce(started, ?), finished = ? WHERE id = ?",
    state,
    end.reason || found,
    tx.now,
    tx.now,
    job.id,
  );
}

/** Ends a job by a user's wish. The runner, which watches, kills its processes. */
export function stopJob(tx: Transaction, nodes: NodeStore, job: JobRow, reason: string): void {
  if (hasEnded(job)) throw refused(`cannot stop job ${job.set_id}: it has ended already`);
  endJob(tx, nodes, job, { state: "JOB_KILLED", reason: reason || "job stopped" });
}

function metaCommit(db: Database, output: CommitRow): CommitRow | undefined {
  return db.get(
    `SELECT c.* FROM repos r JOIN repos m ON m.project = r.project AND m.name = r.name AND m.type = 'meta'
     JOIN commits c ON c.repo = m.id AND c.set_id = ? WHERE r.id = ?`,
    output.set_id,
    output.repo,
  );
}
