import { type CommitRow, commitText } from "../pfs/commits.ts";
import type { StoredContent } from "../store/content-store.ts";
import { ofFile } from "../files/damaged-file.ts";
import type { Hold } from "../store/hold.ts";
import type { EngineState } from "../state.ts";
import { changeBucket, modifiedAt, openBucket, openVersion, requireWritable } from "./bucket.ts";
import { checkConditions, checkPutConditions, parseRange } from "./conditions.ts";
import { S3Error } from "./errors.ts";
import { type ObjectNode, etagOf, findObject, pathOf, putOperations, removeOperations } from "./keys.ts";
import { type S3Answer, type S3Request, readText } from "./request.ts";
import { type XmlNode, parseXml, toXml } from "./xml.ts";

const MOST_DELETED = 1000;
const LONGEST_DELETE = 8 * 1024 * 1024;

/** GetObject and HeadObject. */
export async function getObject(state: EngineState, request: S3Request): Promise<S3Answer> {
  const { commit, object } = inspectObject(state, request);
  const headers = { ...describe(commit, object), ...overrides(request.query) };
  if (checkConditions(request.headers, { hash: object.hash, modified: modifiedAt(commit) }) === "unchanged")
    return { status: 304, headers };
  const range = parseRange(request.headers, object);
  const { start, bytes } = range ?? { start: 0, bytes: object.bytes };
  const place = range && { "Content-Range": `bytes ${start}-${start + bytes - 1}/${object.bytes}` };
  return {
    status: range === undefined ? 200 : 206,
    headers: { ...headers, ...place, "Content-Length": String(bytes) },
    body: request.method === "HEAD" ? undefined : await begun(heldPieces(state, commit, object, start, bytes)),
  };
}

/** An object with the commit that it was found in. Throws NoSuchKey, NoSuchVersion and NoSuchBucket. */
export function inspectObject(
  state: EngineState,
  { bucket, key, query }: Pick<S3Request, "bucket" | "key" | "query">,
): { readonly commit: CommitRow; readonly object: ObjectNode } {
  const commit = openVersion(state, bucket, query.get("versionId"));
  const object = findObject(state, commit.root, key);
  if (object === undefined) throw new S3Error("NoSuchKey", `there is no object "${key}" in this bucket`);
  return { commit, object };
}

function describe(commit: CommitRow, object: ObjectNode): Record<string, string> {
  return {
    ETag: etagOf(object.hash),
    "Last-Modified": modifiedAt(commit).toUTCString(),
    "x-amz-version-id": commit.set_id,
    "Accept-Ranges": "bytes",
    "Content-Type": "application/octet-stream",
  };
}

/** What the answer's head is to say: `response-content-type` and its like. */
function overrides(query: URLSearchParams): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of [
    "Cache-Control",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Language",
    "Content-Type",
    "Expires",
  ]) {
    const value = query.get(`response-${name.toLowerCase()}`);
    if (value === null) continue;
    if (!/^[\t -~]*$/.test(value)) throw new S3Error("InvalidArgument", `a header cannot have that value: ${name}`);
    headers[name] = value;
  }
  return headers;
}

async function* heldPieces(
  state: EngineState,
  commit: CommitRow,
  { path, content }: ObjectNode,
  start: number,
  bytes: number,
): AsyncGenerator<Uint8Array> {
  using _ = state.content.hold(commit.root);
  yield* ofFile({ path, of: commitText(state.db, commit) }, state.content.read(content, start, bytes));
}

/** Reads the first piece now, so that content that is missing is an error and not an answer that breaks off. */
async function begun(pieces: AsyncGenerator<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  let ahead: IteratorResult<Uint8Array> | undefined = await pieces.next();
  const iterator: AsyncIterator<Uint8Array> = {
    next: async () => {
      const next = ahead ?? (await pieces.next());
      ahead = undefined;
      return next;
    },
    return: () => pieces.return(undefined),
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

/** PutObject: durable when it answers. */
export async function putObject(state: EngineState, request: S3Request): Promise<S3Answer> {
  checkWritable(state, request);
  requireLength(request);
  using hold = state.content.hold();
  const content = await state.content.write(request.body, hold);
  const commit = await putContent(state, request, content, hold);
  return { status: 200, headers: { ETag: etagOf(content.hash), "x-amz-version-id": commit.set_id } };
}

/** Refuses, before any byte is read, what cannot be written. */
export function checkWritable(state: EngineState, { bucket, key, headers }: S3Request): void {
  requireWritable(state, bucket);
  pathOf(key);
  const encryption = Object.keys(headers).find((name) => name.startsWith("x-amz-server-side-encryption"));
  if (encryption !== undefined) throw new S3Error("NotImplemented", "the engine does not encrypt objects");
}

export function requireLength({ headers }: S3Request): void {
  if (headers["content-length"] === undefined && headers["transfer-encoding"] === undefined)
    throw new S3Error("MissingContentLength", "the request does not say how long its body is");
}

/** Puts stored content at the key of a request, if the request's conditions hold then. */
export function putContent(state: EngineState, request: S3Request, content: StoredContent, hold: Hold): Promise<CommitRow> {
  const { bucket, key, headers } = request;
  return changeBucket(state, bucket, hold, (root) => {
    checkPutConditions(headers, findObject(state, root, key));
    return putOperations(state, root, key, content);
  });
}

/** DeleteObject: well done also where there is none. */
export async function deleteObject(state: EngineState, request: S3Request): Promise<S3Answer> {
  const { bucket, key, headers, query } = request;
  if (query.has("versionId")) throw versionsStay();
  requireWritable(state, bucket);
  const existing = findObject(state, openBucket(state, bucket).root, key);
  checkPutConditions(headers, existing);
  if (existing === undefined) return { status: 204 };
  using hold = state.content.hold();
  const commit = await changeBucket(state, bucket, hold, (root) => {
    checkPutConditions(headers, findObject(state, root, key));
    return removeOperations(state, root, key);
  });
  return { status: 204, headers: { "x-amz-version-id": commit.set_id } };
}

/** DeleteObjects: all of them in one commit. */
export async function deleteObjects(state: EngineState, { bucket, body }: S3Request): Promise<S3Answer> {
  requireWritable(state, bucket);
  const document = parseXml(await readText(body, LONGEST_DELETE), "Delete");
  const isQuiet = document.text("Quiet") === "true";
  const objects = document.all("Object").map(toDeletion);
  if (objects.length === 0 || objects.length > MOST_DELETED)
    throw new S3Error("MalformedXML", `one request deletes 1 to ${MOST_DELETED} objects`);
  const keys = objects.filter(({ version }) => version === undefined).map(({ key }) => key);
  await removeAll(state, bucket, keys);
  const refusal = versionsStay();
  const result = toXml("DeleteResult", {
    Deleted: isQuiet ? [] : keys.map((key) => ({ Key: key })),
    Error: objects
      .filter(({ version }) => version !== undefined)
      .map(({ key, version }) => ({ Key: key, VersionId: version, Code: refusal.code, Message: refusal.message })),
  });
  return { status: 200, body: result };
}

async function removeAll(state: EngineState, bucket: string, keys: readonly string[]): Promise<void> {
  const { root } = openBucket(state, bucket);
  if (!keys.some((key) => findObject(state, root, key) !== undefined)) return;
  using hold = state.content.hold();
  await changeBucket(state, bucket, hold, (now) => keys.flatMap((key) => removeOperations(state, now, key)));
}

function toDeletion(object: XmlNode): { readonly key: string; readonly version: string | undefined } {
  const key = object.text("Key");
  if (key === undefined || key === "") throw new S3Error("MalformedXML", "each Object has a Key");
  return { key, version: object.text("VersionId") };
}

function versionsStay(): S3Error {
  return new S3Error("NotImplemented", "a version is a commit, and cannot be removed for one object");
}
