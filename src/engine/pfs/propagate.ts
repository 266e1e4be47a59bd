import { type BranchRow, branchById, upstreamBranches } from "./branches.ts";
import { commitById, insertCommit } from "./commits.ts";
import { putBranch } from "./create-branch.ts";
import type { Database } from "../store/database.ts";
import { refused } from "../fault.ts";
import { repoText } from "./names.ts";
import { repoById } from "./repos.ts";
import type { Transaction } from "../transaction.ts";

/**
 * Gives every branch downstream of a moved one its new commit: open, of this transaction's set, with the current heads of
 * its upstream branches as provenance. Runs once, at the end of the transaction.
 */
export function propagate(tx: Transaction): void {
  const moved = [...tx.movedBranches].filter((id) => isJoined(tx.db, id));
  if (moved.length === 0) return;
  for (const id of moved) refuseTwoOfOneRepo(tx.db, id);
  for (const branch of upstreamFirst(tx.db, downstreamOf(tx.db, moved))) {
    const parent = commitById(tx.db, branch.head);
    if (parent.set_id === tx.setId) continue;
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
  }
}

/** Most branches have nothing upstream and nothing downstream. */
function isJoined(db: Database, branchId: number): boolean {
  return db.get("SELECT 1 FROM branch_provenance WHERE branch = ? OR upstream = ?", branchId, branchId) !== undefined;
}

/** Of all branches that are joined by provenance, no two may be in one repo: which of them a set's commit came from would be open. */
function refuseTwoOfOneRepo(db: Database, branchId: number): void {
  const double = db.get<{ repo: number }>(
    `WITH RECURSIVE joined (id) AS (
       SELECT ? UNION SELECT CASE WHEN p.branch = joined.id THEN p.upstream ELSE p.branch END
       FROM joined JOIN branch_provenance p ON p.branch = joined.id OR p.upstream = joined.id)
     SELECT b.repo FROM joined JOIN branches b ON b.id = joined.id GROUP BY b.repo HAVING count(*) > 1`,
    branchId,
  );
  if (double === undefined) return;
  const repo = repoText(repoById(db, double.repo));
  throw refused(
    `validate DAG at end of transaction: multiple branches from the same repo, "${repo}", cannot participate in a DAG`,
  );
}

function downstreamOf(db: Database, moved: readonly number[]): Set<number> {
  const rows = db.all<{ id: number }>(
    `WITH RECURSIVE down (id) AS (
       SELECT p.branch FROM branch_provenance p WHERE p.upstream IN (SELECT value FROM json_each(?)) AND p.never = 0
       UNION SELECT p.branch FROM down JOIN branch_provenance p ON p.upstream = down.id WHERE p.never = 0)
     SELECT id FROM down ORDER BY id`,
    JSON.stringify(moved),
  );
  return new Set(rows.map(({ id }) => id));
}

/** Orders branches so that each comes after all that it comes from. Reads each when its turn comes: its upstream may have moved. */
function* upstreamFirst(db: Database, branches: ReadonlySet<number>): IterableIterator<BranchRow> {
  const ordered = new Set<number>();
  const visit = (id: number): void => {
    if (ordered.has(id) || !branches.has(id)) return;
    for (const upstream of upstreamBranches(db, id)) visit(upstream.id);
    ordered.add(id);
  };
  for (const id of branches) visit(id);
  for (const id of ordered) yield branchById(db, id);
}
