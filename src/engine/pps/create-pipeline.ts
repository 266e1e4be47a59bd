import type { BranchKey } from "../pfs/branches.ts";
import { type CommitRow, commitById, insertCommit } from "../pfs/commits.ts";
import { createBranch, putBranch } from "../pfs/create-branch.ts";
import { putCronInputs } from "./cron-inputs.ts";
import { alreadyExists, refused, within } from "../fault.ts";
import { stopJob, unfinishedJobs } from "./jobs.ts";
import { repoNotFound } from "../pfs/names.ts";
import { type PfsInput, type PipelineKey, type PipelineSpec, inputLeaves } from "./pipeline-spec.ts";
import {
  type PipelineRow,
  type VersionRow,
  currentVersion,
  findPipeline,
  inspectPipeline,
  pipelineText,
  readSpec,
} from "./pipelines.ts";
import { createRepo, findRepo, inspectRepo } from "../pfs/repos.ts";
import { type Transaction, newId } from "../transaction.ts";
import type { NodeStore } from "../tree/tree.ts";
import { type Trigger, toTrigger } from "../pfs/triggers.ts";

/** A spec in JSON: as the user wrote it, and with the defaults filled in (pipeline-defaults.ts). */
export interface SpecTexts {
  readonly userJson: string;
  readonly effectiveJson: string;
}

export interface PipelineRequest extends SpecTexts {
  /** Makes the next version of a pipeline that is there. */
  readonly update: boolean;
  /** Gives it a new salt. */
  readonly reprocess: boolean;
}

const MASTER = "master";

/**
 * Creates a pipeline, or its next version. It has three repos of one name: user (its output), meta and spec; each version is
 * a commit of the spec repo. The output branch comes from the inputs and the spec, so a new version makes a job by itself. A
 * stopped pipeline stays stopped. Throws what pachd says of a spec that it refuses.
 */
export function createPipeline(tx: Transaction, nodes: NodeStore, wanted: PipelineRequest): void {
  const { db } = tx;
  const { spec } = readSpec({ effective_spec: wanted.effectiveJson });
  const existing = findPipeline(db, spec.pipeline);
  if (existing !== undefined && !wanted.update) throw alreadyExists(`pipeline "${pipelineText(spec.pipeline)}" already exists`);
  prepareInputs(tx, spec);
  const row = existing ?? insertPipeline(tx, spec);
  const { stopped } = insertVersion(tx, row, wanted);
  if (existing !== undefined) {
    killJobs(tx, nodes, existing, "all jobs killed because pipeline was updated");
    if (existing.output_branch !== spec.outputBranch) disconnect(tx, existing);
  }
  if (!stopped) connect(tx, spec);
  const leaves = inputLeaves(spec.input);
  for (const leaf of leaves) if (leaf.trigger !== undefined) putTrigger(tx, leaf, toTrigger(leaf.trigger));
  putCronInputs(tx, row.id, leaves);
}

/** Every repo that is read must be there; those of cron inputs are made. */
function prepareInputs(tx: Transaction, spec: PipelineSpec): void {
  for (const leaf of inputLeaves(spec.input)) {
    const { repo } = branchOf(leaf);
    if (findRepo(tx.db, repo) !== undefined) continue;
    if (leaf.cron === undefined) throw repoNotFound(repo);
    createRepo(tx, repo, `Cron tick repo for pipeline ${pipelineText(spec.pipeline)}.`);
  }
}

function insertPipeline(tx: Transaction, spec: PipelineSpec): PipelineRow {
  const { project, name } = spec.pipeline;
  if (findRepo(tx.db, { project, name, type: "user" }) !== undefined)
    throw refused(`pipeline "${name}" cannot be created because a repo with the same name already exists`);
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

/** Makes a version the pipeline's newest. The metadata is that of one version, as in pachd, and begins empty. */
function insertVersion(tx: Transaction, row: PipelineRow, wanted: PipelineRequest): VersionRow {
  const { db } = tx;
  const before = row.version === 0 ? undefined : currentVersion(db, row);
  const { request, spec } = readSpec({ effective_spec: wanted.effectiveJson });
  const version: VersionRow = {
    pipeline: row.id,
    version: row.version + 1,
    spec_commit: commitSpec(tx, spec.pipeline).id,
    user_spec: wanted.userJson,
    effective_spec: wanted.effectiveJson,
    salt: wanted.reprocess ? newId() : (before?.salt ?? (request.salt || newId())),
    created: tx.now,
    stopped: before?.stopped ?? 0,
    reason: spec.program.command.length === 0 ? "nothing to run: no transform.cmd" : "",
  };
  const columns = Object.keys(version);
  db.run(
    `INSERT INTO pipeline_versions (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
    ...Object.values(version),
  );
  db.run(
    "UPDATE pipelines SET version = ?, output_branch = ?, metadata = '{}' WHERE id = ?",
    version.version,
    spec.outputBranch,
    row.id,
  );
  return version;
}

/** One commit a version; it holds no files, as in Pachyderm: the spec itself is kept beside it. */
function commitSpec(tx: Transaction, key: PipelineKey): CommitRow {
  const repo = inspectRepo(tx.db, { ...key, type: "spec" });
  const head = tx.db.get<{ head: number }>("SELECT head FROM branches WHERE repo = ? AND name = ?", repo.id, MASTER)?.head;
  const commit = insertCommit(tx, {
    repo,
    branch: MASTER,
    parent: head === undefined ? undefined : commitById(tx.db, head),
    origin: "USER",
    description: "",
    provenance: [],
    finished: true,
  });
  tx.movedBranches.add(putBranch(tx, repo.id, MASTER, commit.id).id);
  return commit;
}

/** Makes the output and meta branches come from the inputs and the spec, so that they follow them. */
export function connect(tx: Transaction, spec: PipelineSpec): void {
  const { pipeline } = spec;
  const leaves = inputLeaves(spec.input);
  const provenance = [...leaves.map(branchOf), { repo: { ...pipeline, type: "spec" }, name: MASTER }];
  const silent = leaves.filter((leaf) => leaf.neverPropagates).map(branchOf);
  for (const branch of outputBranches({ ...pipeline, output_branch: spec.outputBranch }))
    within("could not create/update output branch", () => createBranch(tx, branch, { provenance, silent }));
}

/** Makes an input's branch follow another one of its repo. A stopped pipeline's may not be there yet. */
function putTrigger(tx: Transaction, leaf: PfsInput, trigger: Trigger): void {
  within("could not create/update trigger branch", () => createBranch(tx, branchOf(leaf), { provenance: [], trigger }));
}

/** Makes the output and meta branches follow nothing. */
export function disconnect(tx: Transaction, row: PipelineRow): void {
  for (const branch of outputBranches(row)) createBranch(tx, branch, { provenance: [] });
}

function outputBranches(row: PipelineKey & { readonly output_branch: string }): BranchKey[] {
  return ["user", "meta"].map((type) => ({ repo: { project: row.project, name: row.name, type }, name: row.output_branch }));
}

function branchOf({ project, repo, repoType, branch }: PfsInput): BranchKey {
  return { repo: { project, name: repo, type: repoType }, name: branch };
}

/** pachd names the user, who is not known without auth. */
export function killJobs(tx: Transaction, nodes: NodeStore, row: PipelineRow, reason: string): void {
  for (const job of unfinishedJobs(tx.db, row.id)) stopJob(tx, nodes, job, `${reason} for user unknown_username`);
}
