import { type Access, isToken } from "../access.ts";
import type { ChunkSigner } from "./chunked.ts";
import { S3Error } from "./errors.ts";
import { signedByV2 } from "./signature-v2.ts";
import { signedByV4 } from "./signature-v4.ts";
import type { SignedRequest } from "./signature.ts";

/**
 * Throws unless the request may come in. Without a token anybody may, whatever they sign with, as with a pachd without
 * authentication; else the access key and the secret key both are the token.
 */
export function authorize(access: Access, request: SignedRequest, now: number): ChunkSigner | undefined {
  if (access.token === undefined) return undefined;
  const signed = signedByV4(request, now) ?? signedByV2(request, now);
  if (signed === undefined)
    throw new S3Error("AccessDenied", "the request is not signed; the access key and the secret are the token");
  if (!isToken(access, signed.accessKey)) throw new S3Error("InvalidAccessKeyId", "the access key is not this engine's token");
  return signed.verify(request, access.token);
}
