import { findBranch, listBranches } from "../pfs/branches.ts";
import { createBranch } from "../pfs/create-branch.ts";
import { deleteBranch } from "../pfs/delete-branch.ts";
import { deleteRepo } from "../pfs/delete-repos.ts";
import { createRepo, findRepo, listRepos } from "../pfs/repos.ts";
import type { EngineState } from "../state.ts";
import { entries } from "../tree/tree.ts";
import { openBucket, requireWritable } from "./bucket.ts";
import { formatBucketName, parseBucketName } from "./bucket-name.ts";
import { S3Error } from "./errors.ts";
import { LOCATION, OWNER } from "./owner.ts";
import { type S3Answer, type S3Request, readText } from "./request.ts";
import { parseXml, toXml } from "./xml.ts";

const LONGEST_DOCUMENT = 64 * 1024;

/** Every branch of the users' repos is a bucket. */
export function listBuckets(state: EngineState, { query }: S3Request): S3Answer {
  const buckets = listRepos(state.db, "user", []).flatMap((repo) =>
    listBranches(state.db, repo.id).map((branch) => ({
      Name: formatBucketName(repo, branch.name),
      CreationDate: new Date(repo.created).toISOString(),
    })),
  );
  const wanted = buckets.filter(({ Name }) => Name.startsWith(query.get("prefix") ?? ""));
  wanted.sort((a, b) => (a.Name < b.Name ? -1 : 1));
  return { status: 200, body: toXml("ListAllMyBucketsResult", { Owner: OWNER, Buckets: { Bucket: wanted } }) };
}

/** Makes the branch, and its repo where that is missing too. */
export function createBucket(state: EngineState, { bucket }: S3Request): S3Answer {
  const { repo, branch, commit } = parseBucketName(bucket);
  if (commit !== undefined) throw new S3Error("InvalidBucketName", "a bucket that is a commit cannot be made");
  state.write((tx) => {
    const existing = findRepo(tx.db, repo);
    if (existing === undefined) createRepo(tx, repo, "");
    else if (findBranch(tx.db, existing.id, branch) !== undefined)
      throw new S3Error("BucketAlreadyOwnedByYou", "the repo has such a branch already");
    createBranch(tx, { repo, name: branch }, { provenance: [] });
  });
  return { status: 200, headers: { Location: `/${bucket}` } };
}

/** Removes a branch whose head has no files, and its repo with the last one. */
export function deleteBucket(state: EngineState, { bucket }: S3Request): S3Answer {
  state.write((tx) => {
    const { repo, branch } = requireWritable(state, bucket);
    if (entries(state.nodes, openBucket(state, bucket).root).next().done !== true)
      throw new S3Error("BucketNotEmpty", "the head of the branch has files");
    deleteBranch(tx, { repo, name: branch }, false);
    const row = findRepo(tx.db, repo);
    if (row !== undefined && listBranches(tx.db, row.id).length === 0) deleteRepo(tx, repo, false);
  });
  return { status: 204 };
}

export function headBucket(state: EngineState, { bucket }: S3Request): S3Answer {
  openBucket(state, bucket);
  return { status: 200 };
}

export function getLocation(state: EngineState, { bucket }: S3Request): S3Answer {
  openBucket(state, bucket);
  return { status: 200, body: toXml("LocationConstraint", { "#text": LOCATION }) };
}

export function getVersioning(state: EngineState, { bucket }: S3Request): S3Answer {
  openBucket(state, bucket);
  return { status: 200, body: toXml("VersioningConfiguration", { Status: "Enabled" }) };
}

/** Every branch keeps its commits: there is nothing to switch on, and no way to switch it off. */
export async function putVersioning(state: EngineState, { bucket, body }: S3Request): Promise<S3Answer> {
  openBucket(state, bucket);
  const status = parseXml(await readText(body, LONGEST_DOCUMENT), "VersioningConfiguration").text("Status");
  if (status !== "Enabled") throw new S3Error("NotImplemented", "versioning is always enabled here");
  return { status: 200 };
}
