import { status } from "@grpc/grpc-js";
import type { Database } from "./database.ts";
import { alreadyExists, Fault, notFound, refused } from "./fault.ts";
import { DEFAULT_PROJECT, type RepoKey, branchText, checkProjectName, checkRepoName, repoNotFound, repoText } from "./names.ts";
import type { Transaction } from "./transaction.ts";

export interface ProjectRow {
  readonly name: string;
  readonly description: string;
  readonly created: number;
}

export interface RepoRow {
  readonly id: number;
  readonly project: string;
  readonly name: string;
  readonly type: string;
  readonly description: string;
  readonly created: number;
}

/** Makes the project that always exists. */
export function ensureDefaultProject(db: Database): void {
  db.run("INSERT INTO projects VALUES (?, '', ?) ON CONFLICT DO NOTHING", DEFAULT_PROJECT, Date.now());
}

export function createProject(tx: Transaction, name: string, description: string, update: boolean): void {
  checkProjectName(name);
  const exists = findProject(tx.db, name) !== undefined;
  if (update && !exists) throw projectNotFound(name);
  if (!update && exists) throw alreadyExists(`project "${name}" already exists`);
  tx.db.run(
    "INSERT INTO projects VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET description = excluded.description",
    name,
    description,
    tx.now,
  );
}

export function inspectProject(db: Database, name: string): ProjectRow {
  const row = findProject(db, name);
  if (row === undefined) throw projectNotFound(name);
  return row;
}

export function listProjects(db: Database): ProjectRow[] {
  return db.all("SELECT * FROM projects ORDER BY created, name");
}

export function deleteProject(tx: Transaction, name: string): void {
  inspectProject(tx.db, name);
  const repos = tx.db.all<RepoRow>("SELECT * FROM repos WHERE project = ? ORDER BY name", name);
  if (repos.length > 0) {
    const lines = repos.map((repo) => `cannot delete project ${name}: repo ${repoText(repo)} still exists`);
    throw new Fault(status.FAILED_PRECONDITION, lines.join("\n"));
  }
  tx.db.run("DELETE FROM projects WHERE name = ?", name);
}

function findProject(db: Database, name: string): ProjectRow | undefined {
  return db.get("SELECT * FROM projects WHERE name = ?", name);
}

function projectNotFound(name: string): Fault {
  return notFound(`project "${name}" not found`);
}

export function createRepo(tx: Transaction, key: RepoKey, description: string, update = false): void {
  checkRepoName(key.name);
  if (findProject(tx.db, key.project) === undefined)
    throw notFound(`cannot find project "${key.project}": project "${key.project}" not found`);
  const existing = findRepo(tx.db, key);
  if (existing !== undefined && !update) throw alreadyExists(`repo ${repoText(key)} already exists`);
  tx.db.run(
    `INSERT INTO repos (project, name, type, description, created) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (project, name, type) DO UPDATE SET description = excluded.description`,
    key.project,
    key.name,
    key.type,
    description,
    tx.now,
  );
}

export function findRepo(db: Database, key: RepoKey): RepoRow | undefined {
  return db.get("SELECT * FROM repos WHERE project = ? AND name = ? AND type = ?", key.project, key.name, key.type);
}

export function inspectRepo(db: Database, key: RepoKey): RepoRow {
  const row = findRepo(db, key);
  if (row === undefined) throw repoNotFound(key);
  return row;
}

export function repoById(db: Database, id: number): RepoRow {
  const row = db.get<RepoRow>("SELECT * FROM repos WHERE id = ?", id);
  if (row === undefined) throw new Error(`no repo with row id ${id}`);
  return row;
}

/** Sorted by project, then name. An empty type or an empty list of projects means all. */
export function listRepos(db: Database, type: string, projects: readonly string[]): RepoRow[] {
  const rows = db.all<RepoRow>("SELECT * FROM repos WHERE ? IN ('', type) ORDER BY project, name, type", type);
  return projects.length === 0 ? rows : rows.filter((row) => projects.includes(row.project));
}

/**
 * Deletes a repo with its branches and commits, and answers whether there was one. A user repo takes its meta and spec repos
 * with it. Refused where another repo's branch has its provenance here, unless forced: then that provenance goes.
 */
export function deleteRepo(tx: Transaction, key: RepoKey, force: boolean): boolean {
  const row = findRepo(tx.db, key);
  if (row === undefined) return false;
  const all =
    key.type === "user" ? tx.db.all<RepoRow>("SELECT * FROM repos WHERE project = ? AND name = ?", key.project, key.name) : [row];
  for (const repo of all) deleteOneRepo(tx, repo, force);
  return true;
}

export function repoNotInProvenance(repo: RepoRow): Fault {
  return refused(`repo ${repoText(repo)} cannot be in the provenance of its own branch`);
}

interface Downstream {
  readonly branch: string;
  readonly project: string;
  readonly name: string;
  readonly type: string;
  readonly downstream: string;
}

function deleteOneRepo(tx: Transaction, repo: RepoRow, force: boolean): void {
  const { db } = tx;
  const blocking = db.get<Downstream>(
    `SELECT here.name AS branch, r.project, r.name, r.type, there.name AS downstream FROM branches here
     JOIN branch_provenance p ON p.upstream = here.id JOIN branches there ON there.id = p.branch JOIN repos r ON r.id = there.repo
     WHERE here.repo = ? AND there.repo NOT IN (SELECT id FROM repos WHERE project = ? AND name = ?)`,
    repo.id,
    repo.project,
    repo.name,
  );
  if (blocking !== undefined && !force) {
    const here = branchText(repo, blocking.branch);
    throw refused(
      `branch "${here}" cannot be deleted because it's in the direct provenance of [${branchText(blocking, blocking.downstream)}]`,
    );
  }
  const commits = "SELECT id FROM commits WHERE repo = ?";
  db.run("DELETE FROM branch_provenance WHERE upstream IN (SELECT id FROM branches WHERE repo = ?)", repo.id);
  db.run("DELETE FROM branches WHERE repo = ?", repo.id);
  db.run(`DELETE FROM commit_provenance WHERE upstream IN (${commits}) OR commit_id IN (${commits})`, repo.id, repo.id);
  db.run(`DELETE FROM jobs WHERE output_commit IN (${commits})`, repo.id);
  db.run("UPDATE commits SET parent = NULL WHERE repo = ?", repo.id);
  db.run("DELETE FROM commits WHERE repo = ?", repo.id);
  db.run("DELETE FROM repos WHERE id = ?", repo.id);
}
