import { type CommitRow, childrenOf, commitById, goodRoot, provenanceOf } from "./commits.ts";
import { contradiction } from "../files/contradiction.ts";
import type { Database } from "../store/database.ts";
import type { Transaction } from "../transaction.ts";
import { type Edit, type NodeStore, applyEdits, diff, measure } from "../tree/tree.ts";

/**
 * Finishes a sealed commit if its parent is finished, and after it the sealed commits that waited for it. Its files become
 * what it changed, upon the nearest good ancestor; a listing that contradicts itself becomes the commit's error.
 */
export function finishWhenParentHas(tx: Transaction, nodes: NodeStore, commit: CommitRow): void {
  const waiting = [commit];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const parent = next.parent === null ? undefined : commitById(tx.db, next.parent);
    if (next.finished !== null || parent?.finished === null) continue;
    const rebased = rebase(tx.db, nodes, next, goodRoot(parent));
    if (next.finishing === null) continue;
    finishOne(tx, nodes, rebased);
    waiting.push(...childrenOf(tx.db, next));
  }
}

/** Makes a commit's changes changes of other files than those that it started with. */
function rebase(db: Database, nodes: NodeStore, commit: CommitRow, base: string): CommitRow {
  if (base === commit.base) return commit;
  const root = applyEdits(nodes, base, changes(nodes, commit.base, commit.root));
  db.run("UPDATE commits SET base = ?, root = ? WHERE id = ?", base, root, commit.id);
  return { ...commit, base, root };
}

function* changes(nodes: NodeStore, base: string, root: string): IterableIterator<Edit> {
  for (const change of diff(nodes, base, root)) yield { key: change.key, entry: change.new };
}

/** The size of what ended with an error before its files were checked stays unknown. */
function finishOne(tx: Transaction, nodes: NodeStore, commit: CommitRow): void {
  const size = commit.error === "" ? measure(nodes, commit.root).bytes : null;
  const error = commit.error || contradiction(nodes, commit.base, commit.root);
  tx.db.run("UPDATE commits SET finished = ?, error = ?, size = ? WHERE id = ?", tx.now, error, size, commit.id);
  if (error === "") tx.finishedCommits.push(commit.id);
}

/** Whether all that a commit comes from is finished, so that a job may read it. */
export function isReady(db: Database, commit: CommitRow): boolean {
  return provenanceOf(db, commit).every((upstream) => upstream.finished !== null);
}
