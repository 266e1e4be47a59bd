import type { StoredContent } from "../store/content-store.ts";
import type { Hold } from "../store/hold.ts";
import type { EngineState } from "../state.ts";
import { modifiedAt, requireWritable } from "./bucket.ts";
import { parseRange } from "./conditions.ts";
import { inspectSource, isCopy } from "./copy.ts";
import { S3Error } from "./errors.ts";
import { etagOf } from "./keys.ts";
import { encoderOf } from "./list.ts";
import { checkWritable, putContent, requireLength } from "./objects.ts";
import { OWNER, STORAGE_CLASS } from "./owner.ts";
import { type S3Answer, type S3Request, numberOf, readText } from "./request.ts";
import {
  type Part,
  type Upload,
  createUpload,
  initiatedAt,
  listParts as partsOf,
  listUploads as uploadsOf,
  partNumber,
  putPart,
  removeUpload,
  requireUpload,
  stagingRoot,
} from "./uploads.ts";
import { type XmlNode, parseXml, toXml } from "./xml.ts";

const SMALLEST_PART = 5 * 1024 * 1024;
const LONGEST_COMPLETION = 8 * 1024 * 1024;
const MOST_ON_A_PAGE = 1000;

export async function createMultipart(state: EngineState, request: S3Request): Promise<S3Answer> {
  checkWritable(state, request);
  const { bucket, key } = request;
  const { id } = await createUpload(state, bucket, key);
  return { status: 200, body: toXml("InitiateMultipartUploadResult", { Bucket: bucket, Key: key, UploadId: id }) };
}

/** UploadPart, and UploadPartCopy. */
export async function uploadPart(state: EngineState, request: S3Request): Promise<S3Answer> {
  const upload = uploadOf(request);
  const number = partNumber(request.query.get("partNumber") ?? undefined);
  requireUpload(state, upload);
  using hold = state.content.hold();
  if (isCopy(request)) return await copyPart(state, request, { upload, number }, hold);
  requireLength(request);
  const content = await state.content.write(request.body, hold);
  await putPart(state, upload, { number, content }, hold);
  return { status: 200, headers: { ETag: etagOf(content.hash) } };
}

async function copyPart(
  state: EngineState,
  request: S3Request,
  { upload, number }: { readonly upload: Upload; readonly number: number },
  hold: Hold,
): Promise<S3Answer> {
  const { commit, object } = inspectSource(state, request);
  hold.keep(commit.root);
  const range = parseRange({ range: request.headers["x-amz-copy-source-range"] as string | undefined }, object);
  const part = range && state.content.read(object.content, range.start, range.bytes);
  const content = part === undefined ? object.content : await state.content.write(part, hold);
  await putPart(state, upload, { number, content }, hold);
  const body = toXml("CopyPartResult", { LastModified: modifiedAt(commit).toISOString(), ETag: etagOf(content.hash) });
  return { status: 200, headers: { "x-amz-copy-source-version-id": commit.set_id }, body };
}

/** Makes one object of the parts that the request lists. It is there before the parts are forgotten. */
export async function completeMultipart(state: EngineState, request: S3Request): Promise<S3Answer> {
  const upload = uploadOf(request);
  checkWritable(state, request);
  const wanted = parseXml(await readText(request.body, LONGEST_COMPLETION), "CompleteMultipartUpload")
    .all("Part")
    .map(toWanted);
  requireUpload(state, upload);
  using hold = state.content.hold(stagingRoot(state));
  const content = await state.content.join(chooseParts([...partsOf(state, upload)], wanted), hold);
  const commit = await putContent(state, request, content, hold);
  await removeUpload(state, upload);
  const { bucket, key, rawPath } = request;
  return {
    status: 200,
    headers: { "x-amz-version-id": commit.set_id },
    body: toXml("CompleteMultipartUploadResult", {
      Location: rawPath,
      Bucket: bucket,
      Key: key,
      ETag: etagOf(content.hash),
    }),
  };
}

interface WantedPart {
  readonly number: number;
  readonly etag: string;
}

function toWanted(part: XmlNode): WantedPart {
  return { number: partNumber(part.text("PartNumber")), etag: (part.text("ETag") ?? "").replaceAll('"', "") };
}

function chooseParts(staged: readonly Part[], wanted: readonly WantedPart[]): StoredContent[] {
  if (wanted.length === 0) throw new S3Error("MalformedXML", "the request lists no parts");
  if (wanted.some(({ number }, index) => number <= (wanted[index - 1]?.number ?? 0)))
    throw new S3Error("InvalidPartOrder", "the parts are not in the order of their numbers");
  const byNumber = new Map(staged.map(({ number, object }) => [number, object]));
  return wanted.map(({ number, etag }, index) => {
    const part = byNumber.get(number);
    if (part === undefined || part.hash !== etag)
      throw new S3Error("InvalidPart", `part ${number} was not uploaded, or has another ETag`);
    if (part.bytes < SMALLEST_PART && index < wanted.length - 1)
      throw new S3Error("EntityTooSmall", `part ${number} has ${part.bytes} bytes, but all except the last have at least 5 MiB`);
    return part.content;
  });
}

export async function abortMultipart(state: EngineState, request: S3Request): Promise<S3Answer> {
  requireWritable(state, request.bucket);
  await removeUpload(state, uploadOf(request));
  return { status: 204 };
}

export function listParts(state: EngineState, request: S3Request): S3Answer {
  const { bucket, key, query } = request;
  const upload = uploadOf(request);
  requireUpload(state, upload);
  const marker = numberOf(query, "part-number-marker", 0);
  const most = Math.min(numberOf(query, "max-parts", MOST_ON_A_PAGE), MOST_ON_A_PAGE);
  const rest = partsOf(state, upload)
    .filter(({ number }) => number > marker)
    .take(most + 1)
    .toArray();
  const parts = rest.slice(0, most);
  const body = toXml("ListPartsResult", {
    Bucket: bucket,
    Key: key,
    UploadId: upload.id,
    Initiator: OWNER,
    Owner: OWNER,
    StorageClass: STORAGE_CLASS,
    PartNumberMarker: marker,
    NextPartNumberMarker: parts.at(-1)?.number ?? marker,
    MaxParts: most,
    IsTruncated: most > 0 && rest.length > most,
    Part: parts.map(({ number, object }) => ({ PartNumber: number, ETag: etagOf(object.hash), Size: object.bytes })),
  });
  return { status: 200, body };
}

export function listMultiparts(state: EngineState, { bucket, query }: S3Request): S3Answer {
  requireWritable(state, bucket);
  if (query.get("delimiter")) throw new S3Error("NotImplemented", "uploads are listed without a delimiter only");
  const [prefix, keyMarker, idMarker] = ["prefix", "key-marker", "upload-id-marker"].map((name) => query.get(name) ?? "");
  const most = Math.min(numberOf(query, "max-uploads", MOST_ON_A_PAGE), MOST_ON_A_PAGE);
  const isAfter = ({ key, id }: Upload): boolean =>
    key > (keyMarker ?? "") || (key === keyMarker && idMarker !== "" && id > (idMarker ?? ""));
  const rest = uploadsOf(state, bucket).filter((upload) => upload.key.startsWith(prefix ?? "") && isAfter(upload));
  const uploads = rest.slice(0, most);
  const isTruncated = most > 0 && rest.length > most;
  const encode = encoderOf(query);
  const body = toXml("ListMultipartUploadsResult", {
    Bucket: bucket,
    Prefix: encode(prefix ?? ""),
    KeyMarker: encode(keyMarker ?? ""),
    UploadIdMarker: idMarker,
    ...(isTruncated ? { NextKeyMarker: encode(uploads.at(-1)?.key ?? ""), NextUploadIdMarker: uploads.at(-1)?.id } : {}),
    EncodingType: query.get("encoding-type") ?? undefined,
    MaxUploads: most,
    IsTruncated: isTruncated,
    Upload: uploads.map((upload) => ({
      Key: encode(upload.key),
      UploadId: upload.id,
      Initiator: OWNER,
      Owner: OWNER,
      StorageClass: STORAGE_CLASS,
      Initiated: initiatedAt(upload).toISOString(),
    })),
  });
  return { status: 200, body };
}

function uploadOf({ bucket, key, query }: S3Request): Upload {
  return { bucket, key, id: query.get("uploadId") ?? "" };
}
