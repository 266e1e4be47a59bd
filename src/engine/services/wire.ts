import type { Branch } from "../../pachyderm/generated/pfs_v2/Branch.ts";
import type { BranchInfo } from "../../pachyderm/generated/pfs_v2/BranchInfo.ts";
import type { Branch__Output } from "../../pachyderm/generated/pfs_v2/Branch.ts";
import type { Commit, Commit__Output } from "../../pachyderm/generated/pfs_v2/Commit.ts";
import type { CommitInfo } from "../../pachyderm/generated/pfs_v2/CommitInfo.ts";
import type { FileInfo } from "../../pachyderm/generated/pfs_v2/FileInfo.ts";
import type { Repo, Repo__Output } from "../../pachyderm/generated/pfs_v2/Repo.ts";
import type { RepoInfo } from "../../pachyderm/generated/pfs_v2/RepoInfo.ts";
import type { Timestamp } from "../../pachyderm/generated/google/protobuf/Timestamp.ts";
import {
  type BranchKey,
  type BranchRow,
  branchesById,
  closure,
  findBranch,
  listBranches,
  upstreamBranches,
} from "../branches.ts";
import { type CommitRow, childrenOf, commitById, provenanceOf, subvenanceOf } from "../commits.ts";
import type { Database } from "../database.ts";
import { invalid } from "../fault.ts";
import type { FileNode } from "../file-set.ts";
import { DEFAULT_PROJECT, type RepoKey } from "../names.ts";
import { type RepoRow, repoById } from "../repos.ts";
import type { CommitKey } from "../resolve-commit.ts";
import { measure } from "../tree.ts";
import type { EngineState } from "../state.ts";

// From the wire. What a request leaves out is filled in as pachd does.

export function toRepoKey(repo: Repo__Output | undefined): RepoKey {
  if (!repo?.name) throw invalid("validate request: a repo with a name is required");
  return { project: repo.project?.name || DEFAULT_PROJECT, name: repo.name, type: repo.type || "user" };
}

export function toBranchKey(branch: Branch__Output | undefined): BranchKey {
  if (!branch?.name) throw invalid("validate request: a branch with a name is required");
  return { repo: toRepoKey(branch.repo), name: branch.name };
}

export function toCommitKey(commit: Commit__Output | undefined): CommitKey {
  if (commit === undefined) throw invalid("validate request: a commit is required");
  return { repo: toRepoKey(commit.repo ?? commit.branch?.repo), branch: commit.branch?.name || undefined, id: commit.id ?? "" };
}

// To the wire. A commit's own name comes without its branch, as pachd sends it; in lists of other commits it has one.

export function toTimestamp(milliseconds: number): Timestamp {
  return { seconds: String(Math.floor(milliseconds / 1000)), nanos: Math.round((milliseconds % 1000) * 1e6) };
}

function optionalTimestamp(milliseconds: number | null): Timestamp | null {
  return milliseconds === null ? null : toTimestamp(milliseconds);
}

export function fromRepo(repo: RepoKey): Repo {
  return { name: repo.name, type: repo.type, project: { name: repo.project } };
}

export function fromCommit(db: Database, commit: CommitRow): Commit {
  return { repo: fromRepo(repoById(db, commit.repo)), id: commit.set_id };
}

export function fromCommitWithBranch(db: Database, commit: CommitRow): Commit {
  const repo = fromRepo(repoById(db, commit.repo));
  return { repo, id: commit.set_id, branch: { repo, name: commit.branch } };
}

function fromBranch(db: Database, branch: BranchRow): Branch {
  return { repo: fromRepo(repoById(db, branch.repo)), name: branch.name };
}

function sizeOf(state: EngineState, commit: CommitRow): number {
  return measure(state.nodes, commit.root).bytes;
}

export function toCommitInfo(state: EngineState, commit: CommitRow): CommitInfo {
  const { db } = state;
  const size = commit.error === "" ? sizeOf(state, commit) : 0;
  return {
    commit: fromCommit(db, commit),
    origin: { kind: commit.origin },
    description: commit.description,
    parent_commit: commit.parent === null ? null : fromCommit(db, commitById(db, commit.parent)),
    child_commits: childrenOf(db, commit).map((child) => fromCommitWithBranch(db, child)),
    started: toTimestamp(commit.started),
    finishing: optionalTimestamp(commit.finishing),
    finished: optionalTimestamp(commit.finished),
    direct_provenance: provenanceOf(db, commit).map((upstream) => fromCommitWithBranch(db, upstream)),
    direct_subvenance: subvenanceOf(db, commit).map((downstream) => fromCommitWithBranch(db, downstream)),
    error: commit.error,
    size_bytes_upper_bound: String(size),
    details:
      commit.finished === null
        ? {}
        : { size_bytes: String(size), compacting_time: { seconds: "0", nanos: 0 }, validating_time: { seconds: "0", nanos: 0 } },
    created_at: toTimestamp(commit.started),
    updated_at: toTimestamp(commit.finished ?? commit.finishing ?? commit.started),
  };
}

export function toBranchInfo(db: Database, branch: BranchRow): BranchInfo {
  return {
    branch: fromBranch(db, branch),
    head: fromCommit(db, commitById(db, branch.head)),
    provenance: branchesById(db, closure(db, branch.id, "provenance")).map((row) => fromBranch(db, row)),
    subvenance: branchesById(db, closure(db, branch.id, "subvenance")).map((row) => fromBranch(db, row)),
    direct_provenance: upstreamBranches(db, branch.id).map((row) => fromBranch(db, row)),
    created_at: toTimestamp(branch.created),
    updated_at: toTimestamp(branch.updated),
  };
}

export function toRepoInfo(state: EngineState, repo: RepoRow, withDetails: boolean): RepoInfo {
  const { db } = state;
  const master = findBranch(db, repo.id, "master");
  const head = master === undefined ? undefined : commitById(db, master.head);
  const size = head === undefined || head.finished === null ? 0 : sizeOf(state, head);
  return {
    repo: fromRepo(repo),
    created: toTimestamp(repo.created),
    size_bytes_upper_bound: String(size),
    description: repo.description,
    branches: listBranches(db, repo.id).map((branch) => fromBranch(db, branch)),
    details: withDetails ? { size_bytes: String(size) } : null,
  };
}

export function toFileInfo(state: EngineState, commit: CommitRow, node: FileNode): FileInfo {
  return {
    file: { commit: fromCommit(state.db, commit), path: node.path, datum: node.tag },
    file_type: node.type,
    committed: optionalTimestamp(commit.finishing),
    size_bytes: String(node.bytes),
    hash: Buffer.from(node.hash, "hex"),
  };
}
