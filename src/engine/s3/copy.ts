import type { CommitRow } from "../pfs/commits.ts";
import type { EngineState } from "../state.ts";
import { modifiedAt } from "./bucket.ts";
import { checkConditions } from "./conditions.ts";
import { S3Error } from "./errors.ts";
import { type ObjectNode, etagOf } from "./keys.ts";
import { checkWritable, inspectObject, putContent } from "./objects.ts";
import { type S3Answer, type S3Request, decode, header, parseTarget } from "./request.ts";
import { toXml } from "./xml.ts";

const SOURCE = "x-amz-copy-source";

export function isCopy({ headers }: S3Request): boolean {
  return headers[SOURCE] !== undefined;
}

/** CopyObject, within a bucket and across: no bytes are moved. There is no metadata that a directive could be about. */
export async function copyObject(state: EngineState, request: S3Request): Promise<S3Answer> {
  checkWritable(state, request);
  const { commit: source, object } = inspectSource(state, request);
  using hold = state.content.hold(source.root);
  const commit = await putContent(state, request, object.content, hold);
  return {
    status: 200,
    headers: { "x-amz-version-id": commit.set_id, "x-amz-copy-source-version-id": source.set_id },
    body: toXml("CopyObjectResult", { LastModified: modifiedAt(commit).toISOString(), ETag: etagOf(object.hash) }),
  };
}

/** What a request wants to copy. Throws NoSuchKey and its like, and PreconditionFailed. */
export function inspectSource(
  state: EngineState,
  { headers }: S3Request,
): { readonly commit: CommitRow; readonly object: ObjectNode } {
  const text = header(headers, SOURCE) ?? "";
  const { bucket, key, query } = parseTarget(text.startsWith("/") ? text : `/${text}`);
  if (key === "") throw new S3Error("InvalidArgument", `${SOURCE} is "${decode(text)}", but must be BUCKET/KEY`);
  const source = inspectObject(state, { bucket, key, query });
  const subject = { hash: source.object.hash, modified: modifiedAt(source.commit) };
  if (checkConditions(headers, subject, `${SOURCE}-`) === "unchanged")
    throw new S3Error("PreconditionFailed", "the source of the copy is the one that the request does not want");
  return source;
}
