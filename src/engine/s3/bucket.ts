import { status } from "@grpc/grpc-js";
import { inspectBranch, upstreamBranches } from "../pfs/branches.ts";
import { changeFiles } from "../pfs/change-files.ts";
import { type CommitRow, commitById } from "../pfs/commits.ts";
import { type FileOperation, planEdits } from "../files/edits.ts";
import { Fault } from "../fault.ts";
import type { Hold } from "../store/hold.ts";
import { isCommitId } from "../pfs/names.ts";
import { resolveCommit } from "../pfs/resolve-commit.ts";
import type { EngineState } from "../state.ts";
import { type BucketName, parseBucketName } from "./bucket-name.ts";
import { S3Error } from "./errors.ts";

/** The commit that a bucket shows: the one of its name, or the head of its branch, also while that is open. */
export function openBucket(state: EngineState, name: string): CommitRow {
  const { repo, branch, commit } = parseBucketName(name);
  if (commit !== undefined) return resolveCommit(state.db, { repo, branch, id: commit });
  return commitById(state.db, inspectBranch(state.db, { repo, name: branch }).head);
}

/** The same, or an older commit of its repo where the request names one: a version id is a commit's. */
export function openVersion(state: EngineState, name: string, version: string | null): CommitRow {
  const shown = openBucket(state, name);
  if (version === null) return shown;
  if (!isCommitId(version)) throw new S3Error("NoSuchVersion", "a version id is a commit's id");
  try {
    return resolveCommit(state.db, { repo: parseBucketName(name).repo, branch: undefined, id: version });
  } catch (error) {
    if (error instanceof Fault && error.code === status.NOT_FOUND) throw new S3Error("NoSuchVersion", error.message);
    throw error;
  }
}

/** When what a commit has was written: S3 has no time of a commit that is still open. */
export function modifiedAt(commit: CommitRow): Date {
  return new Date(commit.finishing ?? commit.started);
}

/** The bucket, if it can be written into: it is a branch that is there, and no pipeline's. */
export function requireWritable(state: EngineState, name: string): BucketName {
  const bucket = parseBucketName(name);
  if (bucket.commit !== undefined)
    throw new S3Error("MethodNotAllowed", "a bucket that is a commit can only be read; write to its branch");
  const branch = inspectBranch(state.db, { repo: bucket.repo, name: bucket.branch });
  if (upstreamBranches(state.db, branch.id).length > 0)
    throw new S3Error("WriteToOutputBranch", "only its pipeline writes to an output branch");
  return bucket;
}

/**
 * Changes a bucket at once: in the open head of its branch, or by a commit of its own. `plan` sees the files as they are
 * then, and what it throws leaves them so.
 */
export function changeBucket(
  state: EngineState,
  name: string,
  hold: Hold,
  plan: (root: string) => FileOperation[],
): Promise<CommitRow> {
  const { repo, branch } = parseBucketName(name);
  return changeFiles(state, { repo, branch, id: "" }, hold, async (root) => {
    requireWritable(state, name);
    return planEdits(state, root, plan(root), hold);
  });
}
