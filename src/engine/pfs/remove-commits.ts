import { type BranchRow, upstreamBranches } from "./branches.ts";
import { commitLinks, commitsOfSet, subvenantSets } from "./commit-graph.ts";
import { type CommitRow, childrenOf, commitById, commitText, insertCommit } from "./commits.ts";
import type { Database } from "../store/database.ts";
import { refused } from "../fault.ts";
import { repoById } from "./repos.ts";
import type { Transaction } from "../transaction.ts";
import { EMPTY_ROOT } from "../tree/tree.ts";

/** Squashed commits leave what they changed to their children; dropped ones, which have none, take it with them. */
export type Removal = "squash" | "drop";

/** Removes all commits of a set. One that there is not is no error. */
export function removeCommitSet(tx: Transaction, removal: Removal, setId: string): void {
  const subvenant = subvenantSets(tx.db, setId);
  if (subvenant.length > 0) {
    const [set, others] = [asProtoText(setId), subvenant.map(asProtoText).join(" ")];
    throw refused(`commit set ${JSON.stringify(set)} cannot be dropped because it has subvenant commit sets: [${others}]`);
  }
  removeAll(tx, removal, commitsOfSet(tx.db, setId));
}

/** As protobuf prints the message that a set is named by. */
function asProtoText(setId: string): string {
  return `id:"${setId}"`;
}

/** Removes one commit, and with `recursive` all that come from it. */
export function removeCommit(tx: Transaction, removal: Removal, commit: CommitRow, recursive: boolean): void {
  const downstream = commitLinks(tx.db, commit.id, "subvenance");
  if (downstream.length > 0 && !recursive)
    throw refused(`cannot ${removal} commit (${commitText(tx.db, commit)}) with subvenance without recursive`);
  removeAll(tx, removal, [commit, ...downstream]);
}

function removeAll(tx: Transaction, removal: Removal, commits: readonly CommitRow[]): void {
  for (const commit of commits) refuse(tx.db, removal, commit);
  for (const { id } of commits) removeOne(tx, commitById(tx.db, id));
}

function refuse(db: Database, removal: Removal, commit: CommitRow): void {
  const text = commitText(db, commit);
  if (repoById(db, commit.repo).type === "spec" && commit.origin === "USER")
    throw refused(`cannot squash commit ${text} because it updated a pipeline`);
  const children = childrenOf(db, commit);
  if (removal === "drop" && children.length > 0) throw refused(`cannot drop a commit that has children: ${text}`);
  if (removal === "squash" && children.length === 0) {
    throw refused(
      `cannot squash a commit that has no children as that would cause data loss, use the drop operation instead: ${text}`,
    );
  }
}

function removeOne(tx: Transaction, commit: CommitRow): void {
  const { db } = tx;
  for (const child of childrenOf(db, commit)) inherit(db, commit, child);
  moveHeadsBack(tx, commit);
  db.run("DELETE FROM commit_provenance WHERE commit_id = ? OR upstream = ?", commit.id, commit.id);
  db.run("DELETE FROM commits WHERE id = ?", commit.id);
}

/** The child's files stay as they are. What it changed is now also what its parent did, if both are good. */
function inherit(db: Database, parent: CommitRow, child: CommitRow): void {
  if (child.finished === null) {
    const hint = child.finishing === null ? "" : ", consider using WaitCommit";
    throw refused(`cannot squash until child commit ${commitText(db, child)} is finished${hint}`);
  }
  const base = child.error === "" && parent.error === "" ? parent.base : child.base;
  db.run("UPDATE commits SET parent = ?, base = ? WHERE id = ?", parent.parent, base, child.id);
  db.run("INSERT INTO rewrites SELECT ?, path FROM rewrites WHERE commit_id = ? ON CONFLICT DO NOTHING", child.id, parent.id);
}

/** The branches that the commit is the head of go back to its parent, or if it has none there, to a new empty commit. */
function moveHeadsBack(tx: Transaction, commit: CommitRow): void {
  const { db } = tx;
  const branches = db.all<BranchRow>("SELECT * FROM branches WHERE head = ? ORDER BY id", commit.id);
  const [first] = branches;
  if (first === undefined) return;
  const upstream = upstreamBranches(db, first.id);
  const head =
    commit.parent ??
    insertCommit(tx, {
      repo: repoById(db, commit.repo),
      branch: first.name,
      parent: undefined,
      origin: "AUTO",
      description: "",
      provenance: upstream.map((branch) => branch.head),
      finished: upstream.length === 0,
    }).id;
  for (const branch of branches) db.run("UPDATE branches SET head = ?, updated = ? WHERE id = ?", head, tx.now, branch.id);
}

/**
 * Discards the files of a finished output commit; its record stays. Not of a head, which what comes next is built on, and not
 * of one whose children are unfinished, since theirs are kept as changes of its.
 */
export function forgetCommit(tx: Transaction, commit: CommitRow): void {
  const { db } = tx;
  if (childrenOf(db, commit).some((child) => child.finished === null)) throw refused("direct descendants must be closed");
  if (db.get("SELECT 1 FROM commit_provenance WHERE commit_id = ?", commit.id) === undefined)
    throw refused("the commit to be forgotten must be in an output repo");
  if (db.get("SELECT 1 FROM branches WHERE head = ?", commit.id) !== undefined)
    throw refused("check branches: the branch head cannot be a forgotten commit");
  if (commit.finished === null) throw refused(`commit ${commitText(db, commit)} not finished`);
  db.run("UPDATE commits SET root = ?, base = ?, forgotten = 1 WHERE id = ?", EMPTY_ROOT, EMPTY_ROOT, commit.id);
}
