import type { KeyObject } from "node:crypto";
import { createHash, createPrivateKey, createPublicKey, sign } from "node:crypto";
import { StemmaError } from "../../errors.ts";

const PAYLOAD_TYPE = "application/vnd.in-toto+json";

/** Reads a private key of ECDSA P-256 or Ed25519 that is not locked by a password. Throws USAGE. */
export function readSigningKey(pem: string, file: string): KeyObject {
  const key = parseKey(pem, file);
  const isP256 = key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1";
  if (isP256 || key.asymmetricKeyType === "ed25519") return key;
  const type = key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType ?? "unknown";
  throw new StemmaError("USAGE", `${file} holds a key of type ${type}, not ECDSA P-256 or Ed25519.`, { hint: HINT });
}

/** A payload in an envelope (DSSE) with one signature. */
export function signEnvelope(payload: string, key: KeyObject): string {
  const body = Buffer.from(payload);
  const signature = sign(key.asymmetricKeyType === "ec" ? "sha256" : null, preAuthentication(body), key);
  const publicKey = createPublicKey(key).export({ type: "spki", format: "der" });
  const envelope = {
    payload: body.toString("base64"),
    payloadType: PAYLOAD_TYPE,
    signatures: [{ keyid: createHash("sha256").update(publicKey).digest("hex"), sig: signature.toString("base64") }],
  };
  return `${JSON.stringify(envelope)}\n`;
}

/** What is signed: the payload with its type, and how long each is. */
function preAuthentication(body: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${body.length} `), body]);
}

const HINT = "Make one: openssl genpkey -algorithm ed25519 -out key.pem";

function parseKey(pem: string, file: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new StemmaError("USAGE", `${file} holds no private key as PEM without a password.`, { hint: HINT, cause });
  }
}
