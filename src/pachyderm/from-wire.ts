import type { Duration__Output } from "./generated/google/protobuf/Duration.ts";
import type { Timestamp__Output } from "./generated/google/protobuf/Timestamp.ts";
import type { Branch__Output } from "./generated/pfs_v2/Branch.ts";
import type { BranchInfo__Output } from "./generated/pfs_v2/BranchInfo.ts";
import type { Commit__Output } from "./generated/pfs_v2/Commit.ts";
import type { CommitInfo__Output } from "./generated/pfs_v2/CommitInfo.ts";
import type { FileInfo__Output } from "./generated/pfs_v2/FileInfo.ts";
import type { Repo__Output } from "./generated/pfs_v2/Repo.ts";
import type { RepoInfo__Output } from "./generated/pfs_v2/RepoInfo.ts";
import type { BranchInfo, BranchName, CommitInfo, CommitName, FileInfo, RepoInfo, RepoName } from "./types.ts";

const REPO_TYPES = ["user", "meta", "spec"] as const;
const ORIGINS = ["USER", "AUTO", "FSCK"] as const;
const NANOS_PER_MS = 1_000_000;

export function toDate(time: Timestamp__Output | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(toMs(time));
}

/** For a time that a server always sets; one that does not would mean 1970, as protobuf has it. */
export function toSureDate(time: Timestamp__Output | undefined): Date {
  return new Date(toMs(time));
}

export function toMs(span: Duration__Output | Timestamp__Output | undefined): number {
  return toNumber(span?.seconds) * 1000 + Math.trunc((span?.nanos ?? 0) / NANOS_PER_MS);
}

/** 64-bit numbers come as text; what is unset is 0. */
export function toNumber(text: string | undefined): number {
  return Number(text ?? 0);
}

function toRepoName(repo: Repo__Output | undefined): RepoName {
  return {
    project: repo?.project?.name ?? "default",
    name: repo?.name ?? "",
    type: REPO_TYPES.find((type) => type === repo?.type) ?? "user",
  };
}

function toBranchName(branch: Branch__Output | undefined): BranchName {
  return { repo: toRepoName(branch?.repo), name: branch?.name ?? "" };
}

export function toCommitName(commit: Commit__Output | undefined): CommitName {
  return { repo: toRepoName(commit?.repo ?? commit?.branch?.repo), id: commit?.id ?? "" };
}

export function toRepoInfo(info: RepoInfo__Output): RepoInfo {
  return {
    repo: toRepoName(info.repo),
    description: info.description ?? "",
    created: toSureDate(info.created),
    sizeBytes: toNumber(info.details?.size_bytes ?? info.size_bytes_upper_bound),
    branches: (info.branches ?? []).map((branch) => branch.name ?? ""),
  };
}

export function toBranchInfo(info: BranchInfo__Output): BranchInfo {
  const branch = toBranchName(info.branch);
  return {
    branch,
    head: info.head?.id === undefined ? undefined : { ...toCommitName(info.head), repo: branch.repo },
    directProvenance: (info.direct_provenance ?? []).map(toBranchName),
  };
}

export function toCommitInfo(info: CommitInfo__Output): CommitInfo {
  const finished = toDate(info.finished);
  return {
    commit: toCommitName(info.commit),
    origin: ORIGINS.find((kind) => kind === info.origin?.kind) ?? "USER",
    description: info.description ?? "",
    parent: info.parent_commit?.id,
    started: toSureDate(info.started),
    finishing: toDate(info.finishing),
    finished,
    directProvenance: (info.direct_provenance ?? []).map(toCommitName),
    directSubvenance: (info.direct_subvenance ?? []).map(toCommitName),
    error: info.error ?? "",
    sizeBytes: finished === undefined ? undefined : toNumber(info.details?.size_bytes),
    metadata: info.metadata ?? {},
  };
}

export function toFileInfo(info: FileInfo__Output): FileInfo {
  return {
    commit: toCommitName(info.file?.commit),
    path: info.file?.path ?? "",
    type: info.file_type === "DIR" ? "DIR" : "FILE",
    sizeBytes: toNumber(info.size_bytes),
    hash: info.hash?.toString("hex") ?? "",
    datum: info.file?.datum ?? "",
  };
}
