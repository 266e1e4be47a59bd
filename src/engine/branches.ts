import { status } from "@grpc/grpc-js";
import { type CommitRow, commitById, insertCommit } from "./commits.ts";
import type { Database } from "./database.ts";
import { Fault, notFound, refused } from "./fault.ts";
import { type RepoKey, branchText, checkBranchName } from "./names.ts";
import { type RepoRow, inspectRepo, repoById, repoNotInProvenance } from "./repos.ts";
import type { Transaction } from "./transaction.ts";

export interface BranchRow {
  readonly id: number;
  readonly repo: number;
  readonly name: string;
  readonly head: number;
  readonly created: number;
  readonly updated: number;
}

export interface BranchKey {
  readonly repo: RepoKey;
  readonly name: string;
}

export function findBranch(db: Database, repoId: number, name: string): BranchRow | undefined {
  return db.get("SELECT * FROM branches WHERE repo = ? AND name = ?", repoId, name);
}

export function inspectBranch(db: Database, key: BranchKey): BranchRow {
  const repo = inspectRepo(db, key.repo);
  const row = findBranch(db, repo.id, key.name);
  if (row === undefined) throw branchNotFound(repo, key.name);
  return row;
}

export function branchNotFound(repo: RepoRow, name: string): Fault {
  return notFound(`branch "${name}" not found in repo ${repo.project}/${repo.name}`);
}

function branchById(db: Database, id: number): BranchRow {
  const row = db.get<BranchRow>("SELECT * FROM branches WHERE id = ?", id);
  if (row === undefined) throw new Error(`no branch with row id ${id}`);
  return row;
}

/** Newest first. */
export function listBranches(db: Database, repoId: number): BranchRow[] {
  return db.all("SELECT * FROM branches WHERE repo = ? ORDER BY created DESC, id DESC", repoId);
}

export interface BranchRequest {
  /** The row id of the commit to point at; undefined leaves the head, or makes an empty one. */
  readonly head?: CommitRow | undefined;
  /** The branches that this one comes from; replaces what was there. */
  readonly provenance: readonly BranchKey[];
}

/**
 * Creates a branch, or moves it and replaces its provenance. A new branch without a head gets an empty commit: finished when
 * it comes from nothing, open when it has provenance, for a pipeline or a user to fill.
 */
export function createBranch(tx: Transaction, key: BranchKey, request: BranchRequest): BranchRow {
  const { db } = tx;
  const repo = inspectRepo(db, key.repo);
  checkBranchName(key.name);
  if (request.head !== undefined && request.head.repo !== repo.id)
    throw refused("branch and head commit must belong to the same repo");
  const upstream = request.provenance.map((branch) => ensureBranch(tx, branch));
  const existing = findBranch(db, repo.id, key.name);
  const head = request.head?.id ?? existing?.head ?? firstCommit(tx, repo, key.name, upstream);
  const branch = putBranch(tx, repo.id, key.name, head);
  const changed = replaceProvenance(tx, repo, branch, upstream);
  const isNew = existing === undefined;
  if (!isNew && changed && upstream.length > 0 && request.head === undefined) newOutputCommit(tx, branch);
  if (isNew || request.head !== undefined) tx.movedBranches.add(branch.id);
  return branch;
}

/** The branch, made with an empty commit where it is missing. Its repo must exist. */
function ensureBranch(tx: Transaction, key: BranchKey): BranchRow {
  const repo = inspectRepo(tx.db, key.repo);
  return findBranch(tx.db, repo.id, key.name) ?? createBranch(tx, key, { provenance: [] });
}

/** Points a branch, made where it is missing, at a commit of its repo. */
export function putBranch(tx: Transaction, repoId: number, name: string, head: number): BranchRow {
  checkBranchName(name);
  tx.db.run(
    `INSERT INTO branches (repo, name, head, created, updated) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (repo, name) DO UPDATE SET head = excluded.head, updated = excluded.updated`,
    repoId,
    name,
    head,
    tx.now,
    tx.now,
  );
  const row = findBranch(tx.db, repoId, name);
  if (row === undefined) throw new Error(`branch ${name} vanished while it was written`);
  return row;
}

function firstCommit(tx: Transaction, repo: RepoRow, branch: string, upstream: readonly BranchRow[]): number {
  const provenance = upstream.map((row) => row.head);
  return insertCommit(tx, {
    repo,
    branch,
    parent: undefined,
    origin: "AUTO",
    description: "",
    provenance,
    finished: upstream.length === 0,
  }).id;
}

function newOutputCommit(tx: Transaction, branch: BranchRow): void {
  const parent = commitById(tx.db, branch.head);
  if (parent.set_id === tx.setId) return;
  const commit = insertCommit(tx, {
    repo: repoById(tx.db, branch.repo),
    branch: branch.name,
    parent,
    origin: "AUTO",
    description: "",
    provenance: upstreamBranches(tx.db, branch.id).map((row) => row.head),
    finished: false,
  });
  putBranch(tx, branch.repo, branch.name, commit.id);
  tx.movedBranches.add(branch.id);
}

function replaceProvenance(tx: Transaction, repo: RepoRow, branch: BranchRow, upstream: readonly BranchRow[]): boolean {
  const { db } = tx;
  const before = new Set(upstreamBranches(db, branch.id).map((row) => row.id));
  const after = new Set(upstream.map((row) => row.id));
  if (before.size === after.size && [...after].every((id) => before.has(id))) return false;
  for (const row of upstream) {
    if (row.repo === repo.id) throw repoNotInProvenance(repo);
    if (row.id === branch.id || closure(db, branch.id, "subvenance").has(row.id)) throw cycle(db, row, branch);
  }
  db.run("DELETE FROM branch_provenance WHERE branch = ?", branch.id);
  for (const id of after) db.run("INSERT INTO branch_provenance VALUES (?, ?)", branch.id, id);
  return true;
}

function cycle(db: Database, upstream: BranchRow, branch: BranchRow): Fault {
  const [up, down] = [upstream, branch].map((row) => branchText(repoById(db, row.repo), row.name));
  return new Fault(status.INTERNAL, `cycle detected because ${up} is already in the subvenance of ${down}`);
}

/** The branches that this one directly comes from. */
export function upstreamBranches(db: Database, branchId: number): BranchRow[] {
  return db.all(
    "SELECT b.* FROM branch_provenance p JOIN branches b ON b.id = p.upstream WHERE p.branch = ? ORDER BY b.id",
    branchId,
  );
}

/** Ids of all branches upstream or downstream of one, nearest first, without itself. */
export function closure(db: Database, branchId: number, direction: "provenance" | "subvenance"): Set<number> {
  const [from, to] = direction === "provenance" ? ["branch", "upstream"] : ["upstream", "branch"];
  const found = new Set<number>();
  let edge = [branchId];
  while (edge.length > 0) {
    const next = edge.flatMap((id) =>
      db.all<{ id: number }>(`SELECT ${to} AS id FROM branch_provenance WHERE ${from} = ? ORDER BY 1`, id).map((row) => row.id),
    );
    edge = next.filter((id) => !found.has(id));
    for (const id of edge) found.add(id);
  }
  return found;
}

export function branchesById(db: Database, ids: Iterable<number>): BranchRow[] {
  return [...ids].map((id) => branchById(db, id));
}

/** Deletes a branch; its commits stay. Refused where another branch comes from it, unless forced. */
export function deleteBranch(tx: Transaction, key: BranchKey, force: boolean): void {
  const branch = inspectBranch(tx.db, key);
  const downstream = [...closure(tx.db, branch.id, "subvenance")].map((id) => branchById(tx.db, id));
  if (downstream.length > 0 && !force) {
    const names = downstream.map((row) => branchText(repoById(tx.db, row.repo), row.name)).join(" ");
    throw refused(
      `branch "${branchText(key.repo, key.name)}" cannot be deleted because it's in the direct provenance of [${names}]`,
    );
  }
  tx.db.run("DELETE FROM branch_provenance WHERE upstream = ?", branch.id);
  tx.db.run("DELETE FROM branches WHERE id = ?", branch.id);
}

/**
 * Gives every branch downstream of a moved one its new commit: open, of this transaction's set, with the current heads of
 * its upstream branches as provenance. Runs once, at the end of the transaction.
 */
export function propagate(tx: Transaction): void {
  const downstream = new Set<number>();
  for (const id of tx.movedBranches) for (const other of closure(tx.db, id, "subvenance")) downstream.add(other);
  for (const id of upstreamFirst(tx.db, downstream)) {
    const branch = branchById(tx.db, id);
    if (!tx.movedBranches.has(id) || commitById(tx.db, branch.head).set_id !== tx.setId) newOutputCommit(tx, branch);
  }
}

/** Orders branches so that each comes after all that it comes from. */
function upstreamFirst(db: Database, branches: ReadonlySet<number>): number[] {
  const ordered = new Set<number>();
  const visit = (id: number): void => {
    if (ordered.has(id) || !branches.has(id)) return;
    for (const upstream of upstreamBranches(db, id)) visit(upstream.id);
    ordered.add(id);
  };
  for (const id of branches) visit(id);
  return [...ordered];
}
