import { ancestorOf, descendantOfRoot } from "./ancestry.ts";
import { findBranch, missingBranchText } from "./branches.ts";
import { findBehindSet } from "./commit-graph.ts";
import { type CommitRow, commitById } from "./commits.ts";
import type { Database } from "../store/database.ts";
import { notFound, refused, within } from "../fault.ts";
import { type RepoKey, isCommitId, repoText } from "./names.ts";
import { type RepoRow, findRepo } from "./repos.ts";

/** A commit as a request names it: an id, a branch, or either with ancestry. */
export interface CommitKey {
  readonly repo: RepoKey;
  readonly branch: string | undefined;
  readonly id: string;
}

/**
 * The commit that a request means, by pachd's rules: `^`, `^^` and `^2` (or `~`) count back; `.1` is the first of a branch,
 * `.3^` the one before its third. By the id of a set that has no commit in the repo, it is the older one that the set came from.
 */
export function resolveCommit(db: Database, key: CommitKey): CommitRow {
  return within("pick commit tx", () => pick(db, key));
}

/** `project/repo@…`, with what the request gave to name the commit. */
export function commitKeyText(key: CommitKey): string {
  return `${repoText(key.repo)}@${nameOf(key)}`;
}

/** An ancestry alone is that of the branch. */
function nameOf({ branch, id }: CommitKey): string {
  return branch !== undefined && /^([.^~]|$)/.test(id) ? branch + id : id;
}

function pick(db: Database, key: CommitKey): CommitRow {
  const text = nameOf(key);
  if (text === "") throw refused("cannot pick commit with no ID or branch");
  const [, base = "", ancestry = ""] = /^([^~^.]*)(.*)$/s.exec(text) ?? [];
  const back = ancestry === "" ? undefined : within(`calculate offset ${commitKeyText(key)}`, () => parseAncestry(ancestry));
  const id = base.toLowerCase();
  if (back?.fromRoot === true && isCommitId(id)) {
    const name = `${repoText(key.repo)}@${base}`;
    throw refused(`unmarshal branch picker ${name}: invalid branch picker: name refers to a commit, not a branch`);
  }
  const repo = findRepo(db, key.repo);
  if (repo === undefined) throw missing(key, `repo ${repoText(key.repo)} not found`);
  const start = isCommitId(id) ? findById(db, repo, id, back === undefined) : findHead(db, repo, base);
  if (start === undefined) {
    const commit = `commit ${repoText(key.repo)}@${text} not found`;
    throw missing(key, isCommitId(id) ? commit : missingBranchText({ repo: key.repo, name: base }));
  }
  if (back === undefined) return start;
  return back.fromRoot ? descendantOfRoot(db, start, back.offset) : ancestorOf(db, start, back.offset);
}

/** pachd first says that the set has no commit here either. */
function missing(key: CommitKey, reason: string): Error {
  return notFound(`commit ${repoText(key.repo)}@${key.id} not found\n${reason}`);
}

function findHead(db: Database, repo: RepoRow, name: string): CommitRow | undefined {
  const branch = findBranch(db, repo.id, name);
  return branch === undefined ? undefined : commitById(db, branch.head);
}

function findById(db: Database, repo: RepoRow, id: string, alsoBehindSet: boolean): CommitRow | undefined {
  const commit = db.get<CommitRow>("SELECT * FROM commits WHERE repo = ? AND set_id = ?", repo.id, id);
  return commit ?? (alsoBehindSet ? findBehindSet(db, repo.id, id) : undefined);
}

/** `offset` counts back from the commit, or with `fromRoot` forward from the first one of the branch, which is 0. */
function parseAncestry(text: string): { fromRoot: boolean; offset: number } {
  const match = /^(?:\.(\d+))?(\^+|\^\d+|~+|~\d+)?$/.exec(text);
  if (match === null) throw refused("count offset and clean: invalid ancestry format");
  const [, position, steps = ""] = match;
  const back = /\d/.test(steps) ? Number(steps.slice(1)) : steps.length;
  if (position === undefined) return { fromRoot: false, offset: back };
  if (back > 0 && back >= Number(position)) throw refused("there should be less ancestors than descendants");
  return { fromRoot: true, offset: (Number(position) - 1 - back) >>> 0 };
}
