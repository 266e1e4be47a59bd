import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { ChunkSigner } from "./chunked.ts";
import { S3Error } from "./errors.ts";
import type { Target } from "./request.ts";

export interface SignedRequest extends Target {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
}

/** What a request claims: who signed it, and how to check that with the secret. */
export interface Signed {
  readonly accessKey: string;
  /** Throws SignatureDoesNotMatch; answers what checks the signatures in its body, where there are such. */
  readonly verify: (request: SignedRequest, secret: string) => ChunkSigner | undefined;
}

const MOST_SKEW_MS = 15 * 60_000;

export function requireRecent(time: number, now: number): void {
  if (Math.abs(now - time) <= MOST_SKEW_MS) return;
  throw new S3Error("RequestTimeTooSkewed", "the request's date is missing or more than 15 minutes from this machine's time");
}

/** Takes as long for a signature that is almost right as for any other. */
export function requireSignature(given: string, ...right: readonly string[]): void {
  if (right.some((one) => timingSafeEqual(digest(one), digest(given)))) return;
  throw new S3Error("SignatureDoesNotMatch", "the signature is not the one that this token makes of this request");
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
