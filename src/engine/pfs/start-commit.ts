import { findBranch, upstreamBranches } from "./branches.ts";
import { type CommitRow, commitById, commitText, insertCommit } from "./commits.ts";
import { putBranch } from "./create-branch.ts";
import { refused, within } from "../fault.ts";
import { type RepoKey, branchText, checkBranchName } from "./names.ts";
import { type RepoRow, inspectRepo } from "./repos.ts";
import type { Transaction } from "../transaction.ts";

/** Opens a commit of a user on a branch, which is made where it is missing. Its parent is the head, or one given, of any repo. */
export function startCommit(
  tx: Transaction,
  repoKey: RepoKey,
  branch: string,
  description: string,
  parent?: CommitRow,
): CommitRow {
  const { db } = tx;
  const repo = inspectRepo(db, repoKey);
  checkBranchName(branch);
  const existing = findBranch(db, repo.id, branch);
  const before = parent ?? (existing === undefined ? undefined : commitById(db, existing.head));
  const commit = within("create commit", () => {
    if (before !== undefined) checkParent(tx, repo, before);
    const row = insertCommit(tx, { repo, branch, parent: before, origin: "USER", description, provenance: [], finished: false });
    tx.movedBranches.add(within("create commit: update head", () => putBranch(tx, repo.id, branch, row.id)).id);
    return row;
  });
  if (existing !== undefined && upstreamBranches(db, existing.id).length > 0)
    throw refused(`cannot start a commit on an output branch: ${branchText(repoKey, branch)}`);
  return commit;
}

/** A parent in another repo must have ended: nothing would finish its children if that repo were deleted before. */
function checkParent({ db }: Transaction, repo: RepoRow, parent: CommitRow): void {
  const ended = parent.repo === repo.id ? parent.finishing : parent.finished;
  if (ended === null) throw refused(`parent commit ${commitText(db, parent)} has not been finished`);
  if (parent.forgotten) throw refused(`parent commit ${commitText(db, parent)} was forgotten`);
}
