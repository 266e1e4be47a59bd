import { type BranchRow, branchLinks } from "./branches.ts";
import type { Database } from "../store/database.ts";
import { deleteBranchRow } from "./delete-branch.ts";
import { refused, within } from "../fault.ts";
import { type RepoKey, branchText } from "./names.ts";
import { type RepoRow, findRepo, isOfPipeline, listRepos, repoById } from "./repos.ts";
import type { Transaction } from "../transaction.ts";

/**
 * Deletes a repo with its branches and commits, and answers whether there was one. A user repo takes its meta and spec repos
 * with it. Refused where a branch outside comes from one inside, unless forced: then that provenance goes.
 */
export function deleteRepo(tx: Transaction, key: RepoKey, force: boolean): boolean {
  const row = findRepo(tx.db, key);
  if (row === undefined) return false;
  const all =
    key.type === "user" ? tx.db.all<RepoRow>("SELECT * FROM repos WHERE project = ? AND name = ?", key.project, key.name) : [row];
  deleteRepoRows(tx, all, force);
  return true;
}

/** Deletes all repos of some projects (none given: of all) and answers which they were. */
export function deleteRepos(tx: Transaction, projects: readonly string[], force: boolean): RepoRow[] {
  const all = listRepos(tx.db, "", projects);
  for (const repo of all) refuseRepoOfPipeline(tx.db, repo);
  deleteRepoRows(tx, all, force);
  return all;
}

/** A pipeline's repos go with the pipeline only. */
export function refuseRepoOfPipeline(db: Database, repo: RepoKey): void {
  if (isOfPipeline(db, repo)) throw refused("cannot delete a repo associated with a pipeline - delete the pipeline instead");
}

/** Deletes these repos together. */
export function deleteRepoRows(tx: Transaction, repos: readonly RepoRow[], force: boolean): void {
  for (const branch of furthestFirst(tx.db, repos)) {
    const repo = repoById(tx.db, branch.repo);
    within(`delete branch ${branchText(repo, branch.name)}`, () => deleteBranchRow(tx, branch, force));
  }
  for (const repo of repos) deleteCommits(tx, repo);
}

/** Those that come from the most others first: so none is in the way of another that is to go, too. */
function furthestFirst(db: Database, repos: readonly RepoRow[]): BranchRow[] {
  const branches = repos.flatMap((repo) => db.all<BranchRow>("SELECT * FROM branches WHERE repo = ? ORDER BY id", repo.id));
  const depths = new Map(branches.map((branch) => [branch.id, branchLinks(db, branch.id, "provenance").length]));
  return branches.sort((a, b) => (depths.get(b.id) ?? 0) - (depths.get(a.id) ?? 0));
}

function deleteCommits({ db }: Transaction, repo: RepoRow): void {
  const commits = "SELECT id FROM commits WHERE repo = ?";
  db.run(`DELETE FROM commit_provenance WHERE upstream IN (${commits}) OR commit_id IN (${commits})`, repo.id, repo.id);
  // Commits of other repos may have a parent here.
  db.run(`UPDATE commits SET parent = NULL WHERE parent IN (${commits})`, repo.id);
  db.run("DELETE FROM commits WHERE repo = ?", repo.id);
  db.run("DELETE FROM repos WHERE id = ?", repo.id);
}
