import { branchNotFound, findBranch } from "./branches.ts";
import { type CommitRow, commitById, commitText } from "./commits.ts";
import type { Database } from "./database.ts";
import { notFound, refused } from "./fault.ts";
import { type RepoKey, isCommitId, repoText } from "./names.ts";
import { type RepoRow, inspectRepo } from "./repos.ts";

/** A commit as a request names it: an id, a branch, or either with ancestry. */
export interface CommitKey {
  readonly repo: RepoKey;
  readonly branch: string | undefined;
  readonly id: string;
}

/** The commit that a request means; throws NOT_FOUND. See the reference's ancestry: `^`, `^2`, `~`, and `.N` from the start. */
export function resolveCommit(db: Database, key: CommitKey): CommitRow {
  const repo = inspectRepo(db, key.repo);
  const [, base = "", ancestry = ""] = /^([^~^.]*)(.*)$/.exec(key.id) ?? [];
  const start = findStart(db, repo, base || key.branch || "");
  return followAncestry(db, start, ancestry);
}

function findStart(db: Database, repo: RepoRow, name: string): CommitRow {
  if (name === "") throw notFound(`commit ${repoText(repo)}@ not found`);
  if (!isCommitId(name)) {
    const branch = findBranch(db, repo.id, name);
    if (branch === undefined) throw branchNotFound(repo, name);
    return commitById(db, branch.head);
  }
  const commit =
    db.get<CommitRow>("SELECT * FROM commits WHERE repo = ? AND set_id = ?", repo.id, name) ?? findInSet(db, repo, name);
  if (commit === undefined) throw notFound(`commit ${repoText(repo)}@${name} not found`);
  return commit;
}

/** A set that made no commit in a repo still has one there: the older one that its commits come from. */
function findInSet(db: Database, repo: RepoRow, setId: string): CommitRow | undefined {
  return db.get(
    `WITH RECURSIVE up (id) AS (
       SELECT id FROM commits WHERE set_id = ? UNION SELECT p.upstream FROM up JOIN commit_provenance p ON p.commit_id = up.id)
     SELECT c.* FROM up JOIN commits c ON c.id = up.id WHERE c.repo = ? ORDER BY c.id DESC`,
    setId,
    repo.id,
  );
}

function followAncestry(db: Database, start: CommitRow, ancestry: string): CommitRow {
  if (!/^(\.\d+)?((\^\d*)*|(~\d*)*)$/.test(ancestry))
    throw refused(`invalid ancestry "${ancestry}" of commit ${commitText(db, start)}`);
  let at = start;
  for (const [, kind = "", digits = ""] of ancestry.matchAll(/([.^~])(\d*)/g)) {
    const number = digits === "" ? 1 : Number(digits);
    const generations = kind === "." ? countAncestors(db, at) + 1 - number : number;
    at = goBack(db, at, generations);
  }
  return at;
}

function countAncestors(db: Database, commit: CommitRow): number {
  let count = 0;
  for (let at = commit; at.parent !== null; at = commitById(db, at.parent)) count += 1;
  return count;
}

function goBack(db: Database, commit: CommitRow, generations: number): CommitRow {
  let at = commit;
  for (let gone = 0; gone < generations; gone += 1) {
    if (at.parent === null) {
      throw refused(
        `invalid offset for ancestor of commit: ${commitText(db, commit)}, offset requested: ${generations}, offset traversable: ${gone}`,
      );
    }
    at = commitById(db, at.parent);
  }
  return at;
}
