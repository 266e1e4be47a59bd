import { type BranchKey, createBranch, putBranch } from "./branches.ts";
import { type CommitRow, commitById, insertCommit } from "./commits.ts";
import type { Database } from "./database.ts";
import { alreadyExists, notFound, refused } from "./fault.ts";
import { endJob, unfinishedJobs } from "./jobs.ts";
import { type RepoKey, repoNotFound } from "./names.ts";
import { type PipelineKey, type PipelineSpec, toPipelineSpec } from "./pipeline-spec.ts";
import { createRepo, deleteRepo, findRepo, inspectRepo } from "./repos.ts";
import { parseSpec } from "./spec-json.ts";
import { type Transaction, newId } from "./transaction.ts";
import type { NodeStore } from "./tree.ts";

export interface PipelineRow {
  readonly id: number;
  readonly project: string;
  readonly name: string;
  readonly version: number;
  readonly output_branch: string;
  readonly stopped: number;
  readonly created: number;
}

export interface VersionRow {
  readonly pipeline: number;
  readonly version: number;
  readonly spec_commit: number;
  readonly user_spec: string;
  readonly effective_spec: string;
  /** Goes into each datum's hash: a new one makes every datum run again. */
  readonly salt: string;
  readonly created: number;
}

export interface PipelineRequest {
  readonly spec: PipelineSpec;
  readonly userJson: string;
  readonly effectiveJson: string;
  readonly update: boolean;
  readonly reprocess: boolean;
}

const MASTER = "master";

export function findPipeline(db: Database, key: PipelineKey): PipelineRow | undefined {
  return db.get("SELECT * FROM pipelines WHERE project = ? AND name = ?", key.project, key.name);
}

export function inspectPipeline(db: Database, key: PipelineKey): PipelineRow {
  const row = findPipeline(db, key);
  if (row === undefined) throw notFound(`pipeline "${key.project}/${key.name}" not found`);
  return row;
}

export function pipelineById(db: Database, id: number): PipelineRow {
  const row = db.get<PipelineRow>("SELECT * FROM pipelines WHERE id = ?", id);
  if (row === undefined) throw notFound("the pipeline was deleted");
  return row;
}

/** Newest first. */
export function listPipelines(db: Database): PipelineRow[] {
  return db.all("SELECT * FROM pipelines ORDER BY id DESC");
}

export function pipelineVersion(db: Database, pipelineId: number, version: number): VersionRow {
  const row = db.get<VersionRow>("SELECT * FROM pipeline_versions WHERE pipeline = ? AND version = ?", pipelineId, version);
  if (row === undefined) throw new Error(`pipeline ${pipelineId} has no version ${version}`);
  return row;
}

/** Newest first. */
export function pipelineVersions(db: Database, pipelineId: number): VersionRow[] {
  return db.all("SELECT * FROM pipeline_versions WHERE pipeline = ? ORDER BY version DESC", pipelineId);
}

export function specOf(version: VersionRow): PipelineSpec {
  return toPipelineSpec(parseSpec(version.effective_spec));
}

/**
 * Creates a pipeline, or its next version. It has three repos of one name: user (its output), meta and spec; each version is
 * a commit of the spec repo. The output branch comes from the inputs and the spec, so a new version makes a job by itself.
 */
export function createPipeline(tx: Transaction, nodes: NodeStore, request: PipelineRequest): void {
  const { db } = tx;
  const key = request.spec.pipeline;
  const existing = findPipeline(db, key);
  if (existing !== undefined && !request.update) throw alreadyExists(`pipeline "${key.project}/${key.name}" already exists`);
  checkInput(db, request.spec);
  const row = existing ?? insertPipeline(tx, request.spec);
  const before = existing === undefined ? undefined : pipelineVersion(db, row.id, row.version);
  if (existing !== undefined) killJobs(tx, nodes, existing, "all jobs killed because pipeline was updated");
  const version = (before?.version ?? 0) + 1;
  const specCommit = commitSpec(tx, key);
  db.run(
    "INSERT INTO pipeline_versions VALUES (?, ?, ?, ?, ?, ?, ?)",
    row.id,
    version,
    specCommit.id,
    request.userJson,
    request.effectiveJson,
    before === undefined || request.reprocess ? newId() : before.salt,
    tx.now,
  );
  db.run(
    "UPDATE pipelines SET version = ?, output_branch = ?, stopped = 0 WHERE id = ?",
    version,
    request.spec.outputBranch,
    row.id,
  );
  connect(tx, request.spec);
}

/** Stops taking new input: the output branch loses its provenance, and the jobs under way are killed. */
export function stopPipeline(tx: Transaction, nodes: NodeStore, key: PipelineKey): void {
  const row = inspectPipeline(tx.db, key);
  killJobs(tx, nodes, row, "pipeline stopped");
  for (const branch of outputBranches(row)) createBranch(tx, branch, { provenance: [] });
  tx.db.run("UPDATE pipelines SET stopped = 1 WHERE id = ?", row.id);
}

/** Takes input again, beginning with the newest. */
export function startPipeline(tx: Transaction, key: PipelineKey): void {
  const row = inspectPipeline(tx.db, key);
  tx.db.run("UPDATE pipelines SET stopped = 0 WHERE id = ?", row.id);
  connect(tx, specOf(pipelineVersion(tx.db, row.id, row.version)));
}

/** Deletes a pipeline with its jobs and its repos; with `keepRepo` its output stays as a repo like any other. */
export function deletePipeline(
  tx: Transaction,
  nodes: NodeStore,
  key: PipelineKey,
  options: { force: boolean; keepRepo: boolean },
): void {
  const row = inspectPipeline(tx.db, key);
  killJobs(tx, nodes, row, "pipeline deleted");
  tx.db.run("DELETE FROM pipelines WHERE id = ?", row.id);
  if (options.keepRepo) {
    createBranch(tx, { repo: { ...key, type: "user" }, name: row.output_branch }, { provenance: [] });
    for (const type of ["meta", "spec"]) deleteRepo(tx, { ...key, type }, true);
  } else deleteRepo(tx, { ...key, type: "user" }, options.force);
}

function checkInput(db: Database, spec: PipelineSpec): void {
  const { input, pipeline } = spec;
  const repo: RepoKey = { project: input.project, name: input.repo, type: input.repoType };
  if (findRepo(db, repo) === undefined) throw repoNotFound(repo);
  if (input.repo === pipeline.name && input.project === pipeline.project) {
    throw refused(`pipeline "${pipeline.name}" cannot be created because a repo with the same name already exists`);
  }
}

function insertPipeline(tx: Transaction, spec: PipelineSpec): PipelineRow {
  const { project, name } = spec.pipeline;
  if (findRepo(tx.db, { project, name, type: "user" }) !== undefined) {
    throw refused(`pipeline "${name}" cannot be created because a repo with the same name already exists`);
  }
  createRepo(tx, { project, name, type: "user" }, `Output repo for pipeline ${project}/${name}.`);
  createRepo(tx, { project, name, type: "spec" }, `Spec repo for pipeline ${project}/${name}.`);
  createRepo(tx, { project, name, type: "meta" }, `Meta repo for pipeline ${name}`);
  tx.db.run(
    "INSERT INTO pipelines (project, name, version, output_branch, created) VALUES (?, ?, 0, ?, ?)",
    project,
    name,
    spec.outputBranch,
    tx.now,
  );
  return inspectPipeline(tx.db, spec.pipeline);
}

/** One commit a version; it holds no files, as in Pachyderm: the spec itself is kept beside it. */
function commitSpec(tx: Transaction, key: PipelineKey): CommitRow {
  const repo = inspectRepo(tx.db, { ...key, type: "spec" });
  const head = tx.db.get<{ head: number }>("SELECT head FROM branches WHERE repo = ? AND name = ?", repo.id, MASTER)?.head;
  const parent = head === undefined ? undefined : commitById(tx.db, head);
  const commit = insertCommit(tx, {
    repo,
    branch: MASTER,
    parent,
    origin: "USER",
    description: "",
    provenance: [],
    finished: true,
  });
  tx.movedBranches.add(putBranch(tx, repo.id, MASTER, commit.id).id);
  return commit;
}

/** Makes the output and meta branches come from the input and the spec. */
function connect(tx: Transaction, spec: PipelineSpec): void {
  const { input, pipeline } = spec;
  const provenance: BranchKey[] = [
    { repo: { project: input.project, name: input.repo, type: input.repoType }, name: input.branch },
    { repo: { ...pipeline, type: "spec" }, name: MASTER },
  ];
  for (const branch of outputBranches({ ...pipeline, output_branch: spec.outputBranch }))
    createBranch(tx, branch, { provenance });
}

function outputBranches(row: PipelineKey & { readonly output_branch: string }): BranchKey[] {
  return ["user", "meta"].map((type) => ({ repo: { project: row.project, name: row.name, type }, name: row.output_branch }));
}

function killJobs(tx: Transaction, nodes: NodeStore, row: PipelineRow, reason: string): void {
  for (const job of unfinishedJobs(tx.db, row.id)) endJob(tx, nodes, job, { state: "JOB_KILLED", reason });
}
