import { createHmac } from "node:crypto";
import { S3Error } from "./errors.ts";
import { header } from "./request.ts";
import { type Signed, type SignedRequest, requireRecent, requireSignature } from "./signature.ts";

/** The parts of a query that AWS Signature Version 2 covers. */
const SIGNED_QUERY = new Set(
  `acl cors defaultObjectAcl delete lifecycle location logging notification partNumber policy requestPayment
  response-cache-control response-content-disposition response-content-encoding response-content-language
  response-content-type response-expires restore tagging torrent uploadId uploads versionId versioning versions website`.split(
    /\s+/,
  ),
);

/** A request that says that it is signed by AWS Signature Version 2, in its head or, presigned, in its query. */
export function signedByV2({ headers, query }: SignedRequest, now: number): Signed | undefined {
  const [, keyOfHead, signatureOfHead = ""] = /^AWS (.+):([^:]+)$/.exec(header(headers, "authorization") ?? "") ?? [];
  const accessKey = keyOfHead ?? query.get("AWSAccessKeyId") ?? undefined;
  if (accessKey === undefined) return undefined;
  if (keyOfHead === undefined) {
    const expires = query.get("Expires") ?? "";
    if (!(Number(expires) * 1000 > now)) throw new S3Error("AccessDenied", "the presigned URL has expired");
    const signature = query.get("Signature") ?? "";
    return { accessKey, verify: (request, secret) => verify(request, expires, signature, secret) };
  }
  const amazonDate = header(headers, "x-amz-date");
  const date = header(headers, "date") ?? "";
  requireRecent(Date.parse(amazonDate ?? date), now);
  const signedDate = amazonDate === undefined ? date : "";
  return { accessKey, verify: (request, secret) => verify(request, signedDate, signatureOfHead, secret) };
}

function verify(request: SignedRequest, date: string, signature: string, secret: string): undefined {
  const { method, headers, rawPath, query, key } = request;
  const amazonHeaders = Object.keys(headers)
    .filter((name) => name.startsWith("x-amz-"))
    .sort()
    .map((name) => `${name}:${(header(headers, name) ?? "").trim()}\n`);
  const signedQuery = [...query]
    .filter(([name]) => SIGNED_QUERY.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value === "" ? name : `${name}=${value}`));
  const asked = signedQuery.length === 0 ? "" : `?${signedQuery.join("&")}`;
  const head = [method, header(headers, "content-md5") ?? "", header(headers, "content-type") ?? "", date];
  const sign = (path: string): string => {
    const text = `${head.join("\n")}\n${amazonHeaders.join("")}${path}${asked}`;
    return createHmac("sha1", secret).update(text).digest("base64");
  };
  // A bucket is signed with or without the slash at its end, whichever the path has.
  const paths = key === "" ? [rawPath, `${rawPath}/`] : [rawPath];
  requireSignature(signature, ...paths.map(sign));
}
