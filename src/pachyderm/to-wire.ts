import type { Timestamp } from "./generated/google/protobuf/Timestamp.ts";
import type { Branch } from "./generated/pfs_v2/Branch.ts";
import type { Commit } from "./generated/pfs_v2/Commit.ts";
import type { File } from "./generated/pfs_v2/File.ts";
import type { Repo } from "./generated/pfs_v2/Repo.ts";
import type { Job } from "./generated/pps_v2/Job.ts";
import type { Pipeline } from "./generated/pps_v2/Pipeline.ts";
import type { BranchName, CommitName, CommitQuery, JobName, PipelineName, RepoName } from "./types.ts";

/** A server looks a repo up by all three: one without a type is not found. */
export function fromRepoName(repo: RepoName): Repo {
  return { name: repo.name, type: repo.type, project: { name: repo.project } };
}

export function fromBranchName(branch: BranchName): Branch {
  return { repo: fromRepoName(branch.repo), name: branch.name };
}

export function fromCommitName(commit: CommitName): Commit {
  return { repo: fromRepoName(commit.repo), id: commit.id };
}

export function fromCommitQuery(query: CommitQuery): Commit {
  return { repo: fromRepoName(query.repo), id: query.at };
}

/** The commit to write to when it is "the next one on this branch": only with `branch` filled does a server open it. */
export function newCommitOn(branch: BranchName): Commit {
  return { repo: fromRepoName(branch.repo), branch: fromBranchName(branch), id: "" };
}

export function fromFileQuery(query: CommitQuery, path: string): File {
  return { commit: fromCommitQuery(query), path };
}

export function fromPipelineName(pipeline: PipelineName): Pipeline {
  return { project: { name: pipeline.project }, name: pipeline.name };
}

export function fromJobName(job: JobName): Job {
  return { pipeline: fromPipelineName(job.pipeline), id: job.id };
}

export function fromDate(time: Date): Timestamp {
  const ms = time.getTime();
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: (ms - seconds * 1000) * 1_000_000 };
}
