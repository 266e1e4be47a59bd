import type { IncomingHttpHeaders } from "node:http";
import { S3Error } from "./errors.ts";

/** Where a request goes, before anything of it is believed. */
export interface Target {
  /** As it was sent: percent-encoded, from the first slash on. */
  readonly rawPath: string;
  readonly query: URLSearchParams;
  /** Empty for the service itself. */
  readonly bucket: string;
  /** Empty for a bucket itself. */
  readonly key: string;
}

/** One call of S3's. */
export interface S3Request extends Target {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** The payload as its sender meant it. Throws at its end where it is not what the request said that it is. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface S3Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A document, or an object's bytes. */
  readonly body?: string | AsyncIterable<Uint8Array> | undefined;
}

/** Path style only: the bucket is the first part of the path, as for any server without names of its own. */
export function parseTarget(url: string): Target {
  const [, rawPath = "/", query = ""] = /^(?:https?:\/\/[^/?]*)?([^?]*)(?:\?(.*))?$/s.exec(url) ?? [];
  const [, bucket = "", key = ""] = /^\/([^/]*)(?:\/(.*))?$/s.exec(decode(rawPath)) ?? [];
  return { rawPath, query: new URLSearchParams(query), bucket, key };
}

/** A percent-encoded text as it was, or InvalidArgument. */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) throw new S3Error("InvalidArgument", "the path is not percent-encoded UTF-8");
    throw error;
  }
}

export function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(",") : value;
}

/** A whole number of the query, or `otherwise` where it is not there. Throws InvalidArgument. */
export function numberOf(query: URLSearchParams, name: string, otherwise: number, most = Number.MAX_SAFE_INTEGER): number {
  const text = query.get(name);
  if (text === null || text === "") return otherwise;
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (number <= most) return number;
  throw new S3Error("InvalidArgument", `${name} is "${text}", but must be a whole number from 0 to ${most}`);
}

/** Reads a body that is a document. Throws EntityTooLarge. */
export async function readText(body: AsyncIterable<Uint8Array>, limitBytes: number): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > limitBytes) throw new S3Error("EntityTooLarge", `a document here has at most ${limitBytes} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}
