import type { Database } from "./database.ts";
import { refused } from "./fault.ts";
import { repoText } from "./names.ts";
import { type RepoRow, repoById } from "./repos.ts";
import type { Transaction } from "./transaction.ts";
import { EMPTY_ROOT } from "./tree.ts";

type Origin = "USER" | "AUTO" | "FSCK";

export interface CommitRow {
  readonly id: number;
  readonly repo: number;
  readonly set_id: string;
  /** The branch that it was made on. */
  readonly branch: string;
  readonly parent: number | null;
  readonly origin: Origin;
  readonly description: string;
  readonly error: string;
  readonly started: number;
  readonly finishing: number | null;
  readonly finished: number | null;
  readonly base: string;
  readonly root: string;
}

export function commitById(db: Database, id: number): CommitRow {
  const row = db.get<CommitRow>("SELECT * FROM commits WHERE id = ?", id);
  if (row === undefined) throw new Error(`no commit with row id ${id}`);
  return row;
}

export function commitText(db: Database, commit: CommitRow): string {
  return `${repoText(repoById(db, commit.repo))}@${commit.set_id}`;
}

interface NewCommit {
  readonly repo: RepoRow;
  readonly branch: string;
  readonly parent: CommitRow | undefined;
  readonly origin: Origin;
  readonly description: string;
  /** Row ids of the commits that it directly comes from. */
  readonly provenance: readonly number[];
  readonly finished: boolean;
}

/** Adds a commit of the transaction's set to a repo. It starts with the files of its nearest good ancestor. */
export function insertCommit(tx: Transaction, commit: NewCommit): CommitRow {
  const { db } = tx;
  const same = db.get<CommitRow>("SELECT * FROM commits WHERE repo = ? AND set_id = ?", commit.repo.id, tx.setId);
  if (same !== undefined)
    throw refused(
      `inconsistent dependencies: cannot create commit from ${commitText(db, same)}: it is in this commit set already`,
    );
  const base = goodRoot(db, commit.parent);
  const ended = commit.finished ? tx.now : null;
  const id = db.run(
    `INSERT INTO commits (repo, set_id, branch, parent, origin, description, started, finishing, finished, base, root)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    commit.repo.id,
    tx.setId,
    commit.branch,
    commit.parent?.id ?? null,
    commit.origin,
    commit.description,
    tx.now,
    ended,
    ended,
    base,
    base,
  );
  for (const upstream of new Set(commit.provenance)) db.run("INSERT INTO commit_provenance VALUES (?, ?)", id, upstream);
  return commitById(db, id);
}

/** The files of the nearest commit, this one or before it, that finished without an error. */
export function goodRoot(db: Database, commit: CommitRow | undefined): string {
  let at = commit;
  while (at !== undefined && (at.finished === null || at.error !== "")) {
    at = at.parent === null ? undefined : commitById(db, at.parent);
  }
  return at?.root ?? EMPTY_ROOT;
}

/** Says that a commit gets no more changes. It is finished, and readable for good, once its parent is: see finish.ts. */
export function sealCommit(tx: Transaction, commit: CommitRow, description = "", error = ""): void {
  if (commit.finishing !== null) throw alreadyFinished(tx.db, commit);
  tx.db.run(
    "UPDATE commits SET finishing = ?, error = ?, description = CASE ? WHEN '' THEN description ELSE ? END WHERE id = ?",
    tx.now,
    error,
    description,
    description,
    commit.id,
  );
}

export function alreadyFinished(db: Database, commit: CommitRow): Error {
  return refused(`commit ${commitText(db, commit)} has already finished`);
}

/** The commits of a set and those of other sets that they come from, upstream first. Empty when there is no such set. */
export function commitsOfSet(db: Database, setId: string): CommitRow[] {
  const rows = db.all<CommitRow>(
    `WITH RECURSIVE up (id) AS (
       SELECT id FROM commits WHERE set_id = ? UNION SELECT p.upstream FROM up JOIN commit_provenance p ON p.commit_id = up.id)
     SELECT c.* FROM up JOIN commits c ON c.id = up.id ORDER BY c.id`,
    setId,
  );
  return rows;
}

export function provenanceOf(db: Database, commit: CommitRow): CommitRow[] {
  return db.all(
    "SELECT c.* FROM commit_provenance p JOIN commits c ON c.id = p.upstream WHERE p.commit_id = ? ORDER BY c.id",
    commit.id,
  );
}

export function subvenanceOf(db: Database, commit: CommitRow): CommitRow[] {
  return db.all(
    "SELECT c.* FROM commit_provenance p JOIN commits c ON c.id = p.commit_id WHERE p.upstream = ? ORDER BY c.id",
    commit.id,
  );
}

export function childrenOf(db: Database, commit: CommitRow): CommitRow[] {
  return db.all("SELECT * FROM commits WHERE parent = ? ORDER BY id", commit.id);
}
