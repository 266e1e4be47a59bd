import { findBranch, putBranch, upstreamBranches } from "./branches.ts";
import { type CommitRow, commitById, commitText, insertCommit } from "./commits.ts";
import { refused } from "./fault.ts";
import { type RepoKey, branchText } from "./names.ts";
import { inspectRepo } from "./repos.ts";
import type { Transaction } from "./transaction.ts";

/** Opens a commit of a user on a branch, which is made where it is missing. */
export function startCommit(
  tx: Transaction,
  repoKey: RepoKey,
  branch: string,
  description: string,
  parent?: CommitRow,
): CommitRow {
  const { db } = tx;
  const repo = inspectRepo(db, repoKey);
  const existing = findBranch(db, repo.id, branch);
  if (existing !== undefined && upstreamBranches(db, existing.id).length > 0) {
    throw refused(`cannot start a commit on an output branch: ${branchText(repoKey, branch)}`);
  }
  const before = parent ?? (existing === undefined ? undefined : commitById(db, existing.head));
  if (before !== undefined && before.finishing === null)
    throw refused(`parent commit ${commitText(db, before)} has not been finished`);
  const commit = insertCommit(tx, { repo, branch, parent: before, origin: "USER", description, provenance: [], finished: false });
  tx.movedBranches.add(putBranch(tx, repo.id, branch, commit.id).id);
  return commit;
}
