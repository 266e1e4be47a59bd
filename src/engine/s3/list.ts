import type { CommitRow } from "../pfs/commits.ts";
import { below, fromEntry, writersOf } from "../files/file-set.ts";
import type { EngineState } from "../state.ts";
import { entries } from "../tree/tree.ts";
import { modifiedAt, openBucket } from "./bucket.ts";
import { S3Error } from "./errors.ts";
import { type ObjectNode, etagOf } from "./keys.ts";
import { OWNER, STORAGE_CLASS } from "./owner.ts";
import { type S3Answer, type S3Request, numberOf } from "./request.ts";
import { type XmlContent, toXml } from "./xml.ts";

const MOST_KEYS = 1000;

interface ListRequest {
  readonly prefix: string;
  readonly delimiter: "/" | "";
  /** Only what comes after it, in the order of bytes. */
  readonly after: string;
  readonly maxKeys: number;
}

/** An object, or what stands for all objects whose keys go on behind the delimiter. */
type Item = { readonly key: string; readonly object: ObjectNode } | { readonly key: string; readonly object: undefined };

/** ListObjects, in both of its versions. */
export function listObjects(state: EngineState, { bucket, query }: S3Request): S3Answer {
  const commit = openBucket(state, bucket);
  const isV2 = query.get("list-type") === "2";
  const token = isV2 ? query.get("continuation-token") : null;
  const start = query.get(isV2 ? "start-after" : "marker") ?? "";
  const request: ListRequest = {
    prefix: query.get("prefix") ?? "",
    delimiter: delimiterOf(query),
    after: token === null ? start : parseToken(token),
    maxKeys: Math.min(numberOf(query, "max-keys", MOST_KEYS), MOST_KEYS),
  };
  const { items, next } = page(state, commit, request);
  const encode = encoderOf(query);
  const withOwner = !isV2 || query.get("fetch-owner") === "true";
  const body = toXml("ListBucketResult", {
    Name: bucket,
    Prefix: encode(request.prefix),
    ...(request.delimiter === "" ? {} : { Delimiter: request.delimiter }),
    MaxKeys: request.maxKeys,
    EncodingType: query.get("encoding-type") ?? undefined,
    IsTruncated: next !== undefined,
    ...(isV2
      ? { KeyCount: items.length, StartAfter: start === "" ? undefined : encode(start), ContinuationToken: token ?? undefined }
      : { Marker: encode(start) }),
    ...(next === undefined ? {} : isV2 ? { NextContinuationToken: formatToken(next) } : { NextMarker: encode(next) }),
    Contents: items.flatMap(({ key, object }) => (object ? [contents(encode(key), object, commit, withOwner)] : [])),
    CommonPrefixes: items.flatMap(({ key, object }) => (object ? [] : [{ Prefix: encode(key) }])),
  });
  return { status: 200, body };
}

function contents(key: string, object: ObjectNode, commit: CommitRow, withOwner: boolean): XmlContent {
  return {
    Key: key,
    LastModified: modifiedAt(commit).toISOString(),
    ETag: etagOf(object.hash),
    Size: object.bytes,
    StorageClass: STORAGE_CLASS,
    ...(withOwner ? { Owner: OWNER } : {}),
  };
}

/** As many items as wanted; `next` is the last of them where more follow. */
function page(state: EngineState, commit: CommitRow, request: ListRequest): { items: Item[]; next: string | undefined } {
  const items: Item[] = [];
  for (const item of itemsOf(state, commit.root, request)) {
    if (items.length === request.maxKeys) return { items, next: items.at(-1)?.key };
    items.push(item);
  }
  return { items, next: undefined };
}

/** Walks the tree's entries from where the page begins, and jumps over what a common prefix stands for. */
function* itemsOf(state: EngineState, root: string, { prefix, delimiter, after }: ListRequest): IterableIterator<Item> {
  let before = "";
  let scan = entries(state.nodes, root, { from: firstKey(prefix, delimiter, after) });
  for (let next = scan.next(); next.done !== true; next = scan.next()) {
    const object = fromEntry(next.value);
    const key = object.path.slice(1);
    if (!key.startsWith(prefix)) return;
    const common = commonPrefix(key, prefix, delimiter);
    if (common !== undefined) {
      yield { key: common, object: undefined };
      scan = entries(state.nodes, root, { from: below(`/${common}`).before });
    } else if (key !== before) {
      // A pipeline's faulty commit may have a path of several writers.
      before = key;
      yield { key, object };
    }
  }
}

/** The first key of the tree that can be on the page: behind `after`, which may be a common prefix with all that it stands for. */
function firstKey(prefix: string, delimiter: "/" | "", after: string): string {
  const begin = `/${prefix}`;
  if (after === "") return begin;
  const isFolder = after.startsWith(prefix) && commonPrefix(after, prefix, delimiter) === after;
  const behind = isFolder ? below(`/${after}`).before : writersOf(`/${after}`).before;
  return behind > begin ? behind : begin;
}

/** Up to the first delimiter behind the prefix; undefined where there is none. */
function commonPrefix(key: string, prefix: string, delimiter: "/" | ""): string | undefined {
  const end = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
  return end === -1 ? undefined : key.slice(0, end + 1);
}

function delimiterOf(query: URLSearchParams): "/" | "" {
  const delimiter = query.get("delimiter") ?? "";
  if (delimiter === "" || delimiter === "/") return delimiter;
  throw new S3Error("InvalidDelimiter", `the delimiter is "${delimiter}", but can only be "/" or be left out`);
}

/** For clients whose XML cannot hold every key. */
export function encoderOf(query: URLSearchParams): (text: string) => string {
  const type = query.get("encoding-type");
  if (type === null) return (text) => text;
  if (type === "url") return (text) => encodeURIComponent(text).replaceAll("%2F", "/");
  throw new S3Error("InvalidArgument", `encoding-type is "${type}", but can only be "url"`);
}

function formatToken(key: string): string {
  return Buffer.from(key, "utf8").toString("base64url");
}

function parseToken(token: string): string {
  const key = Buffer.from(token, "base64url").toString("utf8");
  if (key !== "" && formatToken(key) === token) return key;
  throw new S3Error("InvalidArgument", "the continuation token is not one of this gateway's");
}
