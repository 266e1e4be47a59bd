import type { Branch, Branch__Output } from "../../pachyderm/generated/pfs_v2/Branch.ts";
import type { Commit, Commit__Output } from "../../pachyderm/generated/pfs_v2/Commit.ts";
import type { Repo, Repo__Output } from "../../pachyderm/generated/pfs_v2/Repo.ts";
import type { Timestamp } from "../../pachyderm/generated/google/protobuf/Timestamp.ts";
import type { BranchKey, BranchRow } from "../pfs/branches.ts";
import type { CommitRow } from "../pfs/commits.ts";
import type { Database } from "../store/database.ts";
import { refused } from "../fault.ts";
import { DEFAULT_PROJECT, type RepoKey } from "../pfs/names.ts";
import { repoById } from "../pfs/repos.ts";
import type { CommitKey } from "../pfs/resolve-commit.ts";

// From the wire. Only a repo's project is filled in where it is missing; without its type there is no such repo, as in pachd.

export function toRepoKey(repo: Repo__Output | undefined): RepoKey {
  if (repo === undefined) throw refused("repo cannot be nil");
  return { project: repo.project?.name || DEFAULT_PROJECT, name: repo.name ?? "", type: repo.type ?? "" };
}

export function toBranchKey(branch: Branch__Output | undefined): BranchKey {
  if (branch === undefined) throw refused("branch cannot be nil");
  if (branch.repo === undefined) throw refused("branch repo cannot be nil");
  return { repo: toRepoKey(branch.repo), name: branch.name ?? "" };
}

export function toCommitKey(commit: Commit__Output | undefined): CommitKey {
  if (commit === undefined) throw refused("commit cannot be nil");
  const repo = commit.repo ?? commit.branch?.repo;
  if (repo === undefined) throw refused("commit must have a repo");
  return { repo: toRepoKey(repo), branch: commit.branch?.name || undefined, id: commit.id ?? "" };
}

/** Milliseconds since 1970. */
export function fromTimestamp(time: { readonly seconds?: unknown; readonly nanos?: number }): number {
  return Number(time.seconds ?? 0) * 1000 + (time.nanos ?? 0) / 1e6;
}

// To the wire. A commit's own name comes without its branch, as pachd sends it; in lists of other commits it has one.

export function toTimestamp(milliseconds: number): Timestamp {
  return { seconds: String(Math.floor(milliseconds / 1000)), nanos: Math.round((milliseconds % 1000) * 1e6) };
}

export function optionalTimestamp(milliseconds: number | null): Timestamp | null {
  return milliseconds === null ? null : toTimestamp(milliseconds);
}

export function fromRepo(repo: RepoKey): Repo {
  return { name: repo.name, type: repo.type, project: { name: repo.project } };
}

export function fromCommit(db: Database, commit: CommitRow): Commit {
  return { repo: fromRepo(repoById(db, commit.repo)), id: commit.set_id };
}

export function fromCommitWithBranch(db: Database, commit: CommitRow): Commit {
  return withBranch(fromRepo(repoById(db, commit.repo)), commit.set_id, commit.branch);
}

/** A commit has no branch any more where that was deleted. */
export function withBranch(repo: Repo, id: string, branch: string): Commit {
  return { repo, id, branch: branch === "" ? null : { repo, name: branch } };
}

export function fromBranch(db: Database, branch: BranchRow): Branch {
  return { repo: fromRepo(repoById(db, branch.repo)), name: branch.name };
}
