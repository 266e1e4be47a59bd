import { DEFAULT_PROJECT, type RepoKey, isCommitId } from "../pfs/names.ts";
import { S3Error } from "./errors.ts";

/** What a bucket's name stands for: a branch, or a commit where it begins with a commit's id. */
export interface BucketName {
  /** As the client wrote it. */
  readonly text: string;
  readonly repo: RepoKey;
  readonly branch: string;
  readonly commit: string | undefined;
}

const PART = /^[a-zA-Z0-9_-]+$/;

/**
 * Parses `[<commit id>.]<branch>.<repo>[.<project>]`; the repo alone means its branch master. Throws InvalidBucketName.
 * Underscores and capitals are legal here, though not in S3.
 */
export function parseBucketName(text: string): BucketName {
  const parts = text.split(".");
  const commit = isCommitId(parts[0] ?? "") ? parts.shift() : undefined;
  const [branch, name, project = DEFAULT_PROJECT] = parts.length === 1 ? ["master", ...parts] : parts;
  if (branch === undefined || name === undefined || parts.length > 3 || !parts.every((part) => PART.test(part))) {
    throw new S3Error(
      "InvalidBucketName",
      "a bucket is named [COMMIT.]BRANCH.REPO[.PROJECT], or only REPO for its branch master",
    );
  }
  return { text, repo: { project, name, type: "user" }, branch, commit };
}

/** The shortest name that every client takes: of a branch, in its project unless that is the default one. */
export function formatBucketName(repo: RepoKey, branch: string): string {
  return `${branch}.${repo.name}${repo.project === DEFAULT_PROJECT ? "" : `.${repo.project}`}`;
}
