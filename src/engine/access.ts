import { createHash, timingSafeEqual } from "node:crypto";
import { isIPv4 } from "node:net";
import { StemmaError } from "../lineage/errors.ts";

/** Who may use the engine, and how its connections are protected: for gRPC and S3 alike. */
export interface Access {
  /** What every client must show; undefined where anybody may come. */
  readonly token: string | undefined;
  /** The server's certificate chain and its private key, as PEM; undefined for plain connections. */
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | undefined;
}

/** As a pachd without authentication: fit for an address that only this machine's users can reach. */
export const OPEN_ACCESS: Access = { token: undefined, tls: undefined };

/** Whether a client may come in with what it shows. Takes as long for a token that is almost right as for any other. */
export function isToken(access: Access, given: string): boolean {
  return access.token === undefined || timingSafeEqual(digest(access.token), digest(given));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** An address to listen at, as `127.0.0.1:30650`, `localhost:30650` or `[::1]:30650`. */
export interface ListenAddress {
  /** An IPv6 address is without its brackets. */
  readonly host: string;
  readonly port: number;
}

/** Parses HOST:PORT, or throws USAGE. */
export function parseListenAddress(text: string): ListenAddress {
  const [, bracketed, plain, port = ""] = /^(?:\[([\da-f:.]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port) > 65_535)
    throw new StemmaError("USAGE", `"${text}" is no address to listen at; it looks like 127.0.0.1:30650.`);
  return { host, port: Number(port) };
}

/** HOST:PORT, with an IPv6 host in brackets. */
export function formatListenAddress({ host, port }: ListenAddress): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Whether only this machine can reach a host to listen at. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || (isIPv4(host) && host.startsWith("127.")) || /^[0:]*:0*1$/.test(host);
}

/** Throws USAGE where strangers could run commands on this machine, or read the token on its way. */
export function requireProtection(host: string, access: Access): void {
  if (isLoopback(host) || (access.token !== undefined && access.tls !== undefined)) return;
  throw new StemmaError("USAGE", `other machines can reach ${host}, so the engine needs a token and TLS to listen there.`, {
    hint: "Give --token-file, --tls-cert and --tls-key, or listen on 127.0.0.1.",
  });
}
