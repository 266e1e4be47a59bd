import { StemmaError } from "../lineage/errors.ts";

const DEFAULT_PORT = 30650;
const TLS_SCHEMES = ["grpcs", "https"];
const SCHEMES = new Set(["grpc", "http", ...TLS_SCHEMES]);

/** Where to dial: gRPC's own target, and whether in TLS. */
export interface Endpoint {
  readonly target: string;
  readonly tls: boolean;
}

/** Parses an address as pachctl takes it (`host:port`, `grpc://…`, `grpcs://…`, `unix:/path`), or throws USAGE. */
export function parseAddress(address: string): Endpoint {
  if (address.startsWith("unix:")) return { target: address, tls: false };
  const scheme = /^([a-z]+):\/\//.exec(address)?.[1];
  const authority = scheme === undefined ? address : address.slice(scheme.length + 3).replace(/\/$/, "");
  const found = /^(?<host>\[[\da-f:.]+\]|[\w.-]+)(?::(?<port>\d{1,5}))?$/i.exec(authority)?.groups;
  const port = Number(found?.["port"] ?? DEFAULT_PORT);
  if (found === undefined || port < 1 || port > 65_535 || (scheme !== undefined && !SCHEMES.has(scheme))) {
    throw new StemmaError("USAGE", `"${address}" is no address of a Pachyderm server.`, {
      hint: `Write host:port, grpc://host:port, or grpcs://host:port for TLS.`,
    });
  }
  return { target: `dns:///${found["host"]}:${port}`, tls: scheme !== undefined && TLS_SCHEMES.includes(scheme) };
}
