import { readFileSync, statSync } from "node:fs";
import { createSecureContext } from "node:tls";
import type { Access } from "../engine/access.ts";
import { StemmaError } from "../lineage/errors.ts";

/** Where a user keeps what protects the engine. */
export interface AccessFiles {
  readonly tokenFile?: string | undefined;
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
}

const OTHERS_MAY = 0o077;

/** Reads the files, or throws USAGE for what cannot protect anything. */
export function readAccess({ tokenFile, tlsCert, tlsKey }: AccessFiles): Access {
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    throw new StemmaError("USAGE", "--tls-cert and --tls-key only go together.");
  const tls = tlsCert === undefined || tlsKey === undefined ? undefined : readTls(tlsCert, tlsKey);
  return { token: tokenFile === undefined ? undefined : readToken(tokenFile), tls };
}

function readToken(file: string): string {
  const token = read(file).toString("utf8").trim();
  if ((statSync(file).mode & OTHERS_MAY) !== 0)
    throw new StemmaError("USAGE", `other users may read the token in ${file}.`, { hint: `Run: chmod 600 ${file}` });
  // A token travels as the value of a header.
  if (!/^[!-~]+$/.test(token))
    throw new StemmaError("USAGE", `${file} must hold a token: one word of printable ASCII.`, {
      hint: `Make one with: openssl rand -hex 32`,
    });
  return token;
}

function readTls(certFile: string, keyFile: string): NonNullable<Access["tls"]> {
  const tls = { cert: read(certFile), key: read(keyFile) };
  try {
    createSecureContext(tls);
  } catch (cause) {
    throw new StemmaError("USAGE", `${certFile} and ${keyFile} are no certificate and its key: ${(cause as Error).message}.`, {
      cause,
    });
  }
  return tls;
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new StemmaError("USAGE", `cannot read ${file}: ${(cause as Error).message}.`, { cause });
  }
}
