import { type BranchKey, type BranchRow, nameOfBranch, requireBranch } from "./branches.ts";
import type { Database } from "../store/database.ts";
import { refused, within } from "../fault.ts";
import { branchText, typedRepoText } from "./names.ts";
import { repoById } from "./repos.ts";
import type { Transaction } from "../transaction.ts";
import { triggeredBranches, triggerOf } from "./triggers.ts";

/** Deletes a branch; its commits stay. Refused where other branches come from it or a trigger joins it to one, unless forced. */
export function deleteBranch(tx: Transaction, key: BranchKey, force: boolean): void {
  const named = `get branch "${typedRepoText(key.repo)}@${key.name}"`;
  deleteBranchRow(
    tx,
    within(named, () => requireBranch(tx.db, key)),
    force,
  );
}

export function deleteBranchRow(tx: Transaction, branch: BranchRow, force: boolean): void {
  const { db } = tx;
  if (!force) refuseBranchInUse(db, branch);
  db.run("DELETE FROM branch_provenance WHERE upstream = ?", branch.id);
  for (const triggered of triggeredBranches(db, branch))
    db.run("UPDATE branches SET trigger_spec = NULL, next_tick = NULL WHERE id = ?", triggered.id);
  // A branch of that name that is made later has nothing to do with these commits.
  db.run("UPDATE commits SET branch = '' WHERE repo = ? AND branch = ?", branch.repo, branch.name);
  db.run("DELETE FROM branches WHERE id = ?", branch.id);
  tx.movedBranches.delete(branch.id);
}

function refuseBranchInUse(db: Database, branch: BranchRow): void {
  const because = (reason: string, others: readonly string[]): void => {
    if (others.length > 0)
      throw refused(`branch "${nameOfBranch(db, branch)}" cannot be deleted because ${reason} [${others.join(" ")}]`);
  };
  const downstream = db.all<BranchRow>(
    "SELECT b.* FROM branch_provenance p JOIN branches b ON b.id = p.branch WHERE p.upstream = ? ORDER BY b.id",
    branch.id,
  );
  because("it's in the direct provenance of", namesOf(db, downstream));
  because("it is triggered by branches", namesOf(db, triggeredBranches(db, branch)));
  const source = triggerOf(branch)?.branch;
  because("it triggers branches", source === undefined ? [] : [branchText(repoById(db, branch.repo), source)]);
}

function namesOf(db: Database, branches: readonly BranchRow[]): string[] {
  return branches.map((branch) => nameOfBranch(db, branch));
}
