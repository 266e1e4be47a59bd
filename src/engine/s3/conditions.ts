import type { IncomingHttpHeaders } from "node:http";
import { S3Error } from "./errors.ts";
import { etagOf } from "./keys.ts";
import { header } from "./request.ts";

/** What the conditions of a request are about. */
interface Subject {
  readonly hash: string;
  readonly modified: Date;
}

/**
 * Whether an object is what the request's `If-…` headers want; "unchanged" when the client has it already. Throws
 * PreconditionFailed. The source of a copy has its conditions in headers with a prefix.
 */
export function checkConditions(headers: IncomingHttpHeaders, subject: Subject, prefix = ""): "send" | "unchanged" {
  const condition = (name: string): string | undefined => header(headers, `${prefix}${name}`);
  const [ifMatch, ifNoneMatch] = [condition("if-match"), condition("if-none-match")];
  const changed = (since: string | undefined): boolean | undefined => isAfter(subject.modified, since);
  const matches = ifMatch === undefined ? changed(condition("if-unmodified-since")) !== true : isListed(subject, ifMatch);
  if (!matches) throw failed("the object is not the one that the request wants");
  const isKnown = ifNoneMatch === undefined ? changed(condition("if-modified-since")) === false : isListed(subject, ifNoneMatch);
  return isKnown ? "unchanged" : "send";
}

/** Throws PreconditionFailed where a put is to make a new object and there is one, or to replace a certain one that is not there. */
export function checkPutConditions(headers: IncomingHttpHeaders, existing: { readonly hash: string } | undefined): void {
  const [ifMatch, ifNoneMatch] = [header(headers, "if-match"), header(headers, "if-none-match")];
  if (ifNoneMatch !== undefined && existing !== undefined && isListed(existing, ifNoneMatch))
    throw failed("there is such an object already");
  if (ifMatch === undefined) return;
  if (existing === undefined) throw new S3Error("NoSuchKey", "there is no object to replace");
  if (!isListed(existing, ifMatch)) throw failed("the object is not the one that the request wants to replace");
}

export interface ByteRange {
  readonly start: number;
  readonly bytes: number;
}

/** The part that a request wants; undefined for the whole, also where it wants several parts. Throws InvalidRange. */
export function parseRange(
  headers: IncomingHttpHeaders,
  subject: { readonly hash: string; readonly bytes: number },
): ByteRange | undefined {
  const size = subject.bytes;
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header(headers, "range") ?? "") ?? [];
  const ifRange = header(headers, "if-range");
  if ((first === "" && last === "") || (ifRange !== undefined && ifRange !== etagOf(subject.hash))) return undefined;
  if (first !== "" && last !== "" && Number(first) > Number(last)) return undefined;
  const start = first === "" ? Math.max(size - Number(last), 0) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(Number(last) + 1, size);
  if (start < end) return { start, bytes: end - start };
  throw new S3Error("InvalidRange", `the object has ${size} bytes`, { "Content-Range": `bytes */${size}` });
}

function isListed({ hash }: { readonly hash: string }, list: string): boolean {
  const tags = list.split(",").map((tag) => tag.trim().replace(/^W\//, "").replaceAll('"', ""));
  return tags.some((tag) => tag === "*" || tag === hash);
}

/** Whether it was changed after a date, to the second; undefined without a date. */
function isAfter(modified: Date, date: string | undefined): boolean | undefined {
  const time = date === undefined ? Number.NaN : Date.parse(date);
  return Number.isNaN(time) ? undefined : Math.floor(modified.getTime() / 1000) * 1000 > time;
}

function failed(message: string): S3Error {
  return new S3Error("PreconditionFailed", message);
}
