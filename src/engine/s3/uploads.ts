import { randomUUID } from "node:crypto";
import { findBranch } from "../pfs/branches.ts";
import { changeFiles } from "../pfs/change-files.ts";
import { type CommitRow, commitById } from "../pfs/commits.ts";
import type { StoredContent } from "../store/content-store.ts";
import { type FileOperation, planEdits } from "../files/edits.ts";
import { USER_TAG, below, fromEntry } from "../files/file-set.ts";
import type { Hold } from "../store/hold.ts";
import { DEFAULT_PROJECT, type RepoKey } from "../pfs/names.ts";
import { createRepo, findRepo } from "../pfs/repos.ts";
import { startCommit } from "../pfs/start-commit.ts";
import type { EngineState } from "../state.ts";
import { EMPTY_ROOT, entries } from "../tree/tree.ts";
import { parseBucketName } from "./bucket-name.ts";
import { S3Error } from "./errors.ts";
import { type ObjectNode, findObject, putOperations } from "./keys.ts";

/**
 * Multipart uploads that are under way are files of a repo: `/PROJECT/REPO/BRANCH/KEY/UPLOAD ID/` has an empty file `.keep`,
 * and a file for each part. They are in a commit that stays open, so that nothing of a part is kept for its history.
 */
const STAGING: RepoKey = { project: DEFAULT_PROJECT, name: "_s3gateway_multipart_", type: "user" };
const BRANCH = "master";
const MARK = ".keep";
const MOST_PARTS = 10_000;
const UPLOAD_ID = /^([0-9a-z]{8,9})-[0-9a-f-]{36}$/;

export interface Upload {
  readonly bucket: string;
  readonly key: string;
  readonly id: string;
}

export interface Part {
  readonly number: number;
  readonly object: ObjectNode;
}

/** Begins an upload: its id says when that was. */
export async function createUpload(state: EngineState, bucket: string, key: string): Promise<Upload> {
  openStaging(state);
  const upload = { bucket, key, id: `${Date.now().toString(36)}-${randomUUID()}` };
  using hold = state.content.hold();
  const empty = await state.content.write(nothing(), hold);
  await changeStaging(state, hold, (root) => putOperations(state, root, `${folderOf(upload)}${MARK}`, empty));
  return upload;
}

export function initiatedAt({ id }: Upload): Date {
  return new Date(Number.parseInt(UPLOAD_ID.exec(id)?.[1] ?? "", 36));
}

/** Throws NoSuchUpload unless it is under way, for this very bucket and key. */
export function requireUpload(state: EngineState, upload: Upload, root = stagingRoot(state)): void {
  const exists = UPLOAD_ID.test(upload.id) && findObject(state, root, `${folderOf(upload)}${MARK}`) !== undefined;
  if (!exists) throw new S3Error("NoSuchUpload", "there is no such upload of this key; it may have been completed or aborted");
}

/** The number of a part, or InvalidArgument. */
export function partNumber(text: string | undefined): number {
  const number = /^\d{1,5}$/.test(text ?? "") ? Number(text) : 0;
  if (number >= 1 && number <= MOST_PARTS) return number;
  throw new S3Error("InvalidArgument", `a part's number is from 1 to ${MOST_PARTS}`);
}

/** Keeps a part, in the place of an earlier one of that number. */
export async function putPart(
  state: EngineState,
  upload: Upload,
  part: { readonly number: number; readonly content: StoredContent },
  hold: Hold,
): Promise<void> {
  await changeStaging(state, hold, (root) => {
    requireUpload(state, upload, root);
    return putOperations(state, root, `${folderOf(upload)}${String(part.number).padStart(5, "0")}`, part.content);
  });
}

/** The parts that are there, in the order of their numbers. */
export function* listParts(state: EngineState, upload: Upload): Generator<Part> {
  const folder = `/${folderOf(upload)}`;
  for (const entry of entries(state.nodes, stagingRoot(state), below(folder))) {
    const object = fromEntry(entry);
    const name = object.path.slice(folder.length);
    if (/^\d{5}$/.test(name)) yield { number: Number(name), object };
  }
}

/** The uploads of a bucket that are under way, by key and then by time. */
export function listUploads(state: EngineState, bucket: string): Upload[] {
  const folder = `/${bucketFolder(bucket)}`;
  const uploads: Upload[] = [];
  for (const entry of entries(state.nodes, stagingRoot(state), below(folder))) {
    const [, key = "", id = "", name] = /^(.+)\/([^/]+)\/([^/]+)$/.exec(fromEntry(entry).path.slice(folder.length)) ?? [];
    if (name === MARK && UPLOAD_ID.test(id)) uploads.push({ bucket, key, id });
  }
  return uploads.sort((a, b) => compare(a.key, b.key) || compare(a.id, b.id));
}

/** Forgets an upload and its parts. */
export async function removeUpload(state: EngineState, upload: Upload): Promise<void> {
  requireUpload(state, upload);
  using hold = state.content.hold();
  await changeStaging(state, hold, () => [{ kind: "deleteDirectory", path: `/${folderOf(upload)}`, tag: USER_TAG }]);
}

/** The root of what is staged now: to be held by whoever reads from it across an `await`. */
export function stagingRoot(state: EngineState): string {
  return stagingHead(state)?.root ?? EMPTY_ROOT;
}

function folderOf({ bucket, key, id }: Upload): string {
  return `${bucketFolder(bucket)}${key}/${id}/`;
}

function bucketFolder(bucket: string): string {
  const { repo, branch } = parseBucketName(bucket);
  return `${repo.project}/${repo.name}/${branch}/`;
}

function stagingHead({ db }: EngineState): CommitRow | undefined {
  const repo = findRepo(db, STAGING);
  const branch = repo && findBranch(db, repo.id, BRANCH);
  return branch && commitById(db, branch.head);
}

function openStaging(state: EngineState): void {
  if (stagingHead(state)?.finishing === null) return;
  state.write((tx) => {
    if (findRepo(tx.db, STAGING) === undefined) createRepo(tx, STAGING, "multipart uploads to the S3 gateway that are under way");
    startCommit(tx, STAGING, BRANCH, "");
  });
}

async function changeStaging(state: EngineState, hold: Hold, plan: (root: string) => FileOperation[]): Promise<void> {
  await changeFiles(state, { repo: STAGING, branch: BRANCH, id: "" }, hold, async (root) =>
    planEdits(state, root, plan(root), hold),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
