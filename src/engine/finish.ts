import { type CommitRow, childrenOf, commitById, goodRoot, provenanceOf } from "./commits.ts";
import type { Database } from "./database.ts";
import { below, writersOf } from "./file-set.ts";
import type { Transaction } from "./transaction.ts";
import { type Edit, type NodeStore, applyEdits, diff, entries } from "./tree.ts";

/**
 * Finishes a sealed commit if its parent is finished, and after it the sealed commits that waited for it. Its files become
 * what it changed, upon the nearest good ancestor; a listing that contradicts itself becomes the commit's error.
 */
export function finishWhenParentHas(tx: Transaction, nodes: NodeStore, commit: CommitRow): void {
  const waiting = [commit.id];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const next = commitById(tx.db, id);
    const parent = next.parent === null ? undefined : commitById(tx.db, next.parent);
    if (next.finishing === null || next.finished !== null || parent?.finished === null) continue;
    finishOne(tx, nodes, next, goodRoot(tx.db, parent));
    waiting.push(...childrenOf(tx.db, next).map((child) => child.id));
  }
}

function finishOne(tx: Transaction, nodes: NodeStore, commit: CommitRow, base: string): void {
  const root = base === commit.base ? commit.root : applyEdits(nodes, base, changes(nodes, commit.base, commit.root));
  const error = commit.error || contradiction(nodes, base, root);
  tx.db.run("UPDATE commits SET finished = ?, base = ?, root = ?, error = ? WHERE id = ?", tx.now, base, root, error, commit.id);
}

function* changes(nodes: NodeStore, base: string, root: string): IterableIterator<Edit> {
  for (const change of diff(nodes, base, root)) yield { key: change.key, entry: change.new };
}

/** What is wrong with the files that a commit added: two writers of one path, or a file where a directory is. Else "". */
export function contradiction(nodes: NodeStore, base: string, root: string): string {
  let checkedDirectory = "";
  for (const change of diff(nodes, base, root)) {
    if (change.new === undefined || change.old !== undefined) continue;
    const path = change.key.slice(0, change.key.indexOf("\0"));
    const writers = [...entries(nodes, root, writersOf(path))].map((entry) => entry.key.slice(path.length + 1));
    if (writers.length > 1)
      return `duplicate path output by different datums (${writers.map((tag) => `${path} from ${tag}`).join(" and ")})`;
    const inside = entries(nodes, root, below(`${path}/`)).next();
    if (inside.done !== true) return `file / directory path collision (${inside.value.key.split("\0")[0] ?? ""})`;
    const directory = path.slice(0, path.lastIndexOf("/"));
    if (directory === checkedDirectory) continue;
    checkedDirectory = directory;
    for (let parent = directory; parent !== ""; parent = parent.slice(0, parent.lastIndexOf("/"))) {
      if (entries(nodes, root, writersOf(parent)).next().done !== true) return `file / directory path collision (${path})`;
    }
  }
  return "";
}

/** Whether all that a commit comes from is finished, so that a job may read it. */
export function isReady(db: Database, commit: CommitRow): boolean {
  return provenanceOf(db, commit).every((upstream) => upstream.finished !== null);
}
