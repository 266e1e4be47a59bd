import type { Database } from "../store/database.ts";
import { notFound } from "../fault.ts";
import { type Direction, type WalkLimits, linkedRows } from "./links.ts";
import { type RepoKey, branchText, repoText } from "./names.ts";
import { findRepo, missingRepoText, repoById } from "./repos.ts";

export interface BranchRow {
  readonly id: number;
  readonly repo: number;
  readonly name: string;
  readonly head: number;
  readonly created: number;
  readonly updated: number;
  readonly trigger_spec: string | null;
  readonly next_tick: number | null;
  readonly metadata: string;
}

export interface BranchKey {
  readonly repo: RepoKey;
  readonly name: string;
}

export function findBranch(db: Database, repoId: number, name: string): BranchRow | undefined {
  return db.get("SELECT * FROM branches WHERE repo = ? AND name = ?", repoId, name);
}

function findNamed(db: Database, { repo, name }: BranchKey): BranchRow | undefined {
  return db.get(
    `SELECT b.* FROM branches b JOIN repos r ON r.id = b.repo
     WHERE r.project = ? AND r.name = ? AND r.type = ? AND b.name = ?`,
    repo.project,
    repo.name,
    repo.type,
    name,
  );
}

/** The branch, or NOT_FOUND with the words of pachd's database layer. */
export function requireBranch(db: Database, key: BranchKey): BranchRow {
  const row = findNamed(db, key);
  if (row === undefined) throw notFound(missingRowText(db, key));
  return row;
}

export function inspectBranch(db: Database, key: BranchKey): BranchRow {
  const row = findNamed(db, key);
  if (row === undefined) throw notFound(`inspect branch in transaction: ${missingRowText(db, key)}\n${missingBranchText(key)}`);
  return row;
}

function missingRowText(db: Database, key: BranchKey): string {
  const text = `branch (id=0, branch=${branchText(key.repo, key.name)}) not found`;
  return findRepo(db, key.repo) === undefined ? `${missingRepoText(db, key.repo)}\n${text}` : text;
}

export function missingBranchText({ repo, name }: BranchKey): string {
  return `branch "${name}" not found in repo ${repoText(repo)}`;
}

export function branchById(db: Database, id: number): BranchRow {
  const row = db.get<BranchRow>("SELECT * FROM branches WHERE id = ?", id);
  if (row === undefined) throw new Error(`no branch with row id ${id}`);
  return row;
}

/** `project/repo@branch`. */
export function nameOfBranch(db: Database, branch: BranchRow): string {
  return branchText(repoById(db, branch.repo), branch.name);
}

/** Newest first. */
export function listBranches(db: Database, repoId: number): BranchRow[] {
  return db.all("SELECT * FROM branches WHERE repo = ? ORDER BY created DESC, id DESC", repoId);
}

/** Of all repos, newest first. */
export function listAllBranches(db: Database): BranchRow[] {
  return db.all("SELECT * FROM branches ORDER BY created DESC, id DESC");
}

/** All branches upstream or downstream of one, nearest first, without itself. */
export function branchLinks(db: Database, branchId: number, direction: Direction, limits?: WalkLimits): BranchRow[] {
  return linkedRows(db, "branches", branchId, direction, limits);
}

/** The branches that this one directly comes from. */
export function upstreamBranches(db: Database, branchId: number): BranchRow[] {
  return db.all(
    "SELECT b.* FROM branch_provenance p JOIN branches b ON b.id = p.upstream WHERE p.branch = ? ORDER BY b.id",
    branchId,
  );
}

/** Those of them whose changes make no commit here. */
export function silentUpstreamBranches(db: Database, branchId: number): BranchRow[] {
  return db.all(
    "SELECT b.* FROM branch_provenance p JOIN branches b ON b.id = p.upstream WHERE p.branch = ? AND p.never = 1 ORDER BY b.id",
    branchId,
  );
}
