import { createBranch } from "../pfs/create-branch.ts";
import { connect, createPipeline, disconnect, killJobs } from "./create-pipeline.ts";
import { cronInputs, writeTick } from "./cron-inputs.ts";
import type { Database } from "../store/database.ts";
import { deleteRepoRows } from "../pfs/delete-repos.ts";
import { refused, within } from "../fault.ts";
import type { PipelineKey } from "./pipeline-spec.ts";
import { type PipelineRow, currentVersion, inspectPipeline, pipelineText, specOf } from "./pipelines.ts";
import { type RepoRow, findRepo, repoById } from "../pfs/repos.ts";
import type { EngineState } from "../state.ts";
import type { Transaction } from "../transaction.ts";
import type { NodeStore } from "../tree/tree.ts";

/** Stops taking new input: the output branch loses its provenance, and the jobs under way are killed. */
export function stopPipeline(tx: Transaction, nodes: NodeStore, key: PipelineKey): void {
  const row = inspectPipeline(tx.db, key);
  disconnect(tx, row);
  setStopped(tx, row, true);
  killJobs(tx, nodes, row, "all jobs killed because pipeline was stopped");
}

/** Takes input again, beginning with the newest. */
export function startPipeline(tx: Transaction, key: PipelineKey): void {
  const row = inspectPipeline(tx.db, key);
  connect(tx, specOf(currentVersion(tx.db, row)));
  setStopped(tx, row, false);
}

function setStopped(tx: Transaction, row: PipelineRow, stopped: boolean): void {
  tx.db.run("UPDATE pipeline_versions SET stopped = ? WHERE pipeline = ? AND version = ?", Number(stopped), row.id, row.version);
}

/** Works on the same input again, as a new version of the same spec. */
export function rerunPipeline(tx: Transaction, nodes: NodeStore, key: PipelineKey, reprocess: boolean): void {
  const row = within(`inspect pipeline "${pipelineText(key)}"`, () => inspectPipeline(tx.db, key));
  const { user_spec: userJson, effective_spec: effectiveJson } = currentVersion(tx.db, row);
  createPipeline(tx, nodes, { userJson, effectiveJson, update: true, reprocess });
}

/**
 * Deletes pipelines with their jobs and their repos, also those of their cron inputs. With `keepRepo` their output stays, in
 * repos like any other. Refused where something outside comes from what is to go, unless forced.
 */
export function deletePipelines(
  tx: Transaction,
  nodes: NodeStore,
  rows: readonly PipelineRow[],
  options: { readonly force: boolean; readonly keepRepo: boolean },
): void {
  const repos = rows.flatMap((row) => reposToDelete(tx.db, row, options.keepRepo));
  for (const row of rows) {
    killJobs(tx, nodes, row, "pipeline deleted");
    tx.db.run("DELETE FROM pipelines WHERE id = ?", row.id);
    if (options.keepRepo) createBranch(tx, { repo: { ...row, type: "user" }, name: row.output_branch }, { provenance: [] });
  }
  deleteRepoRows(tx, repos, options.force);
}

function reposToDelete(db: Database, row: PipelineRow, keepRepo: boolean): RepoRow[] {
  const own = ["user", "meta", "spec"].map((type) => findRepo(db, { project: row.project, name: row.name, type }));
  const ticks = cronInputs(db, row.id).map((cron) => repoById(db, cron.repo));
  return [...own.slice(keepRepo ? 1 : 0), ...ticks].filter((repo) => repo !== undefined);
}

/** Makes the cron inputs of a pipeline tick now, besides their schedule; each tick is a commit set of its own. */
export function runCron(state: EngineState, key: PipelineKey): void {
  const crons = cronInputs(state.db, inspectPipeline(state.db, key).id);
  if (crons.length === 0) throw refused("pipeline doesn't have a cron input");
  const now = Date.now();
  for (const cron of crons) state.write((tx) => writeTick(tx, state.nodes, cron, now));
}
