import { createHash, createHmac } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { ChunkSigner } from "./chunked.ts";
import { S3Error } from "./errors.ts";
import { decode, header } from "./request.ts";
import { type Signed, type SignedRequest, requireRecent, requireSignature } from "./signature.ts";

const ALGORITHM = "AWS4-HMAC-SHA256";
const LONGEST_VALIDITY_SECONDS = 7 * 24 * 3600;
const EMPTY_SHA256 = createHash("sha256").digest("hex");

interface Claim {
  readonly credential: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** As in `20261121T120000Z`. */
  readonly time: string;
  readonly payloadHash: string;
}

/** A request that says that it is signed by AWS Signature Version 4, in its head or, presigned, in its query. */
export function signedByV4({ headers, query }: SignedRequest, now: number): Signed | undefined {
  const presigned = query.get("X-Amz-Algorithm") === ALGORITHM;
  const inHeader = header(headers, "authorization")?.startsWith(`${ALGORITHM} `) ?? false;
  if (!presigned && !inHeader) return undefined;
  const claim = presigned ? claimOfQuery(query, headers) : claimOfHeader(headers);
  const [accessKey = "", ...scope] = splitCredential(claim.credential);
  if (presigned) requireUnexpired(query, claim.time, now);
  else requireRecent(parseTime(claim.time), now);
  return { accessKey, verify: (request, secret) => verify(request, claim, scope, secret) };
}

function claimOfHeader(headers: IncomingHttpHeaders): Claim {
  const text = header(headers, "authorization") ?? "";
  const field = (name: string): string => new RegExp(`[ ,]${name}=([^, ]*)`).exec(text)?.[1] ?? "";
  return {
    credential: field("Credential"),
    signedHeaders: field("SignedHeaders").toLowerCase().split(";"),
    signature: field("Signature"),
    time: header(headers, "x-amz-date") ?? "",
    payloadHash: header(headers, "x-amz-content-sha256") ?? "",
  };
}

function claimOfQuery(query: URLSearchParams, headers: IncomingHttpHeaders): Claim {
  return {
    credential: query.get("X-Amz-Credential") ?? "",
    signedHeaders: (query.get("X-Amz-SignedHeaders") ?? "").toLowerCase().split(";"),
    signature: query.get("X-Amz-Signature") ?? "",
    time: query.get("X-Amz-Date") ?? "",
    payloadHash: query.get("X-Amz-Content-Sha256") ?? header(headers, "x-amz-content-sha256") ?? "UNSIGNED-PAYLOAD",
  };
}

/** `KEY/20261121/region/s3/aws4_request`; a key may have slashes of its own. */
function splitCredential(credential: string): string[] {
  const parts = credential.split("/");
  return [parts.slice(0, -4).join("/"), ...parts.slice(-4)];
}

function requireUnexpired(query: URLSearchParams, time: string, now: number): void {
  const seconds = Number(query.get("X-Amz-Expires"));
  if (!(seconds > 0 && seconds <= LONGEST_VALIDITY_SECONDS))
    throw new S3Error("AccessDenied", `a presigned URL is valid for 1 to ${LONGEST_VALIDITY_SECONDS} seconds`);
  if (now > parseTime(time) + seconds * 1000) throw new S3Error("AccessDenied", "the presigned URL has expired");
}

function parseTime(text: string): number {
  const iso = text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z");
  return Date.parse(iso);
}

function verify(request: SignedRequest, claim: Claim, scope: readonly string[], secret: string): ChunkSigner | undefined {
  const [day = ""] = scope;
  if (!claim.signedHeaders.includes("host") || !claim.time.startsWith(day) || scope.length !== 4)
    throw new S3Error("SignatureDoesNotMatch", "the signature does not cover the host and the day");
  const key = scope.reduce<Buffer | string>((made, part) => hmac(made, part), `AWS4${secret}`);
  const signText = (kind: string, ...lines: readonly string[]): string =>
    hmac(key, [kind, claim.time, scope.join("/"), ...lines].join("\n")).toString("hex");
  requireSignature(claim.signature, signText(ALGORITHM, sha256(canonicalRequest(request, claim))));
  return claim.payloadHash.startsWith(`STREAMING-${ALGORITHM}-PAYLOAD`) ? chunkSigner(claim.signature, signText) : undefined;
}

/** Each chunk's signature covers the one before it, and the first that of the head. */
function chunkSigner(seed: string, signText: (kind: string, ...lines: string[]) => string): ChunkSigner {
  let before = seed;
  const verifyNext = (kind: string, lines: readonly string[], signature: string): void => {
    requireSignature(signature, signText(`${ALGORITHM}-${kind}`, before, ...lines));
    before = signature;
  };
  return {
    verifyChunk: (hash, signature) => verifyNext("PAYLOAD", [EMPTY_SHA256, hash], signature),
    verifyTrailer: (hash, signature) => verifyNext("TRAILER", [hash], signature),
  };
}

function canonicalRequest({ method, rawPath, query, headers }: SignedRequest, claim: Claim): string {
  const fields = claim.signedHeaders.map((name) => `${name}:${(header(headers, name) ?? "").trim().replaceAll(/ +/g, " ")}\n`);
  return [
    method,
    encodePath(rawPath),
    canonicalQuery(query),
    fields.join(""),
    claim.signedHeaders.join(";"),
    claim.payloadHash,
  ].join("\n");
}

function encodePath(rawPath: string): string {
  return rawPath
    .split("/")
    .map((part) => encode(decode(part)))
    .join("/");
}

function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .filter(([name]) => name !== "X-Amz-Signature")
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a, x], [b, y]) => (a < b || (a === b && x < y) ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

/** Leaves only letters, digits and `-._~` as they are. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
