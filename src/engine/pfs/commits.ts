import type { Database } from "../store/database.ts";
import { alreadyExists, refused } from "../fault.ts";
import { repoText, typedRepoText } from "./names.ts";
import { type RepoRow, repoById } from "./repos.ts";
import type { Transaction } from "../transaction.ts";
import { EMPTY_ROOT } from "../tree/tree.ts";

type Origin = "USER" | "AUTO" | "FSCK";

export interface CommitRow {
  readonly id: number;
  readonly repo: number;
  readonly set_id: string;
  /** The branch that it was made on; empty when that was deleted. */
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
  /** In bytes; null while it is not known, and for good where the commit was finished with an error. */
  readonly size: number | null;
  /** 1 when its files were discarded: see `forgetCommit`. */
  readonly forgotten: number;
  readonly metadata: string;
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
  /** Finished from the start, and so without files. */
  readonly finished: boolean;
}

/** Adds a commit of the transaction's set to a repo. It starts with the files of its nearest good ancestor. */
export function insertCommit(tx: Transaction, commit: NewCommit): CommitRow {
  const { db } = tx;
  refuseSecondOfSet(tx, commit.repo);
  const base = goodRoot(commit.parent);
  const ended = commit.finished ? tx.now : null;
  const id = db.run(
    `INSERT INTO commits (repo, set_id, branch, parent, origin, description, started, finishing, finished, size, base, root)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    commit.repo.id,
    tx.setId,
    commit.branch,
    commit.parent?.id ?? null,
    commit.origin,
    commit.description,
    tx.now,
    ended,
    ended,
    commit.finished ? 0 : null,
    base,
    base,
  );
  for (const upstream of new Set(commit.provenance)) db.run("INSERT INTO commit_provenance VALUES (?, ?)", id, upstream);
  return commitById(db, id);
}

function refuseSecondOfSet({ db, setId }: Transaction, repo: RepoRow): void {
  if (db.get("SELECT 1 FROM commits WHERE repo = ? AND set_id = ?", repo.id, setId) === undefined) return;
  throw alreadyExists(
    `commit ${typedRepoText(repo)}@${setId} already exists\ninconsistent dependencies: cannot create commit from ` +
      `${repoText(repo)}@${setId}; repo (${repo.name}) already has a commit in this transaction`,
  );
}

/** The files that a commit's children start with: its own, or if it is unfinished or has an error, those that it started with. */
export function goodRoot(commit: CommitRow | undefined): string {
  if (commit === undefined) return EMPTY_ROOT;
  return commit.finished === null || commit.error !== "" ? commit.base : commit.root;
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

/** The commits that one directly comes from. */
export function provenanceOf(db: Database, commit: CommitRow): CommitRow[] {
  return db.all(
    "SELECT c.* FROM commit_provenance p JOIN commits c ON c.id = p.upstream WHERE p.commit_id = ? ORDER BY c.id",
    commit.id,
  );
}

export function childrenOf(db: Database, commit: CommitRow): CommitRow[] {
  return db.all("SELECT * FROM commits WHERE parent = ? ORDER BY id", commit.id);
}
