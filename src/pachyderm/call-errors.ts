import { type ServiceError, status } from "@grpc/grpc-js";
import { type ErrorCode, StemmaError } from "../lineage/errors.ts";

/** gRPC's codes in ours; any other one, UNKNOWN first of all, is FAILED. */
const CODES: Readonly<Partial<Record<status, ErrorCode>>> = {
  [status.NOT_FOUND]: "NOT_FOUND",
  [status.ALREADY_EXISTS]: "ALREADY_EXISTS",
  [status.INVALID_ARGUMENT]: "USAGE",
  [status.UNAUTHENTICATED]: "UNREACHABLE",
  [status.UNAVAILABLE]: "UNREACHABLE",
  [status.DEADLINE_EXCEEDED]: "UNREACHABLE",
  [status.UNIMPLEMENTED]: "UNSUPPORTED",
  [status.DATA_LOSS]: "INTEGRITY",
};

/** A failed call as a StemmaError. The server's own text is kept, as that is what tells its states apart. */
export function toStemmaError(error: ServiceError, address: string): StemmaError {
  const code = CODES[error.code] ?? "FAILED";
  // pachd says UNAVAILABLE of a commit that is still open: the server is there, and waiting helps.
  if (error.code === status.UNAVAILABLE && error.details.includes("not finished")) {
    return new StemmaError("FAILED", error.details, { cause: error });
  }
  if (code !== "UNREACHABLE")
    return new StemmaError(code, error.details || `Pachyderm answered ${status[error.code]}.`, { cause: error });
  const { what, hint, reason } = explain(error);
  return new StemmaError("UNREACHABLE", `Pachyderm at ${address} ${what}${reason && ` (${reason})`}.`, { hint, cause: error });
}

/** Why there is no talking to a server, and what to do. */
interface Explanation {
  readonly what: string;
  readonly hint: string;
}

const NO_TOKEN: Explanation = {
  what: "lets nobody in without its token",
  hint: "Set PACH_TOKEN, or log in with pachctl and use its context.",
};
const NO_ANSWER: Explanation = {
  what: "gave no answer in time",
  hint: "Start one here with `stemma up`, or name another with --pachd HOST:PORT or PACHD_ADDRESS.",
};
const NO_CONNECTION: Explanation = { ...NO_ANSWER, what: "can't be reached" };

/** gRPC tells only in its text what went wrong with a connection. What a pattern captures is worth showing. */
const CONNECTION_FAULTS: readonly (Explanation & { readonly text: RegExp })[] = [
  {
    text: /altnames: (.*?)\.? Resolution note/,
    what: "shows a certificate of another name",
    hint: "Use a name or an address that its certificate has.",
  },
  {
    text: /Last error: Error: ([^;]*certificate[^;.]*)/,
    what: "shows a certificate that is not trusted here",
    hint: "Name the file (PEM) of its authority in NODE_EXTRA_CA_CERTS.",
  },
  {
    text: /SSL routines/,
    what: "does not speak TLS",
    hint: "Write its address as grpc://HOST:PORT.",
  },
  {
    text: /Failed to connect/,
    what: "ended the connection before it began",
    hint: "If it speaks TLS, write its address as grpcs://HOST:PORT.",
  },
  { text: /Last error: (?:Error: )?(.*?)\.? Resolution note/s, ...NO_CONNECTION },
];

function explain({ code, details }: ServiceError): Explanation & { readonly reason: string } {
  if (code === status.UNAUTHENTICATED) return { ...NO_TOKEN, reason: details };
  if (code === status.DEADLINE_EXCEEDED) return { ...NO_ANSWER, reason: details };
  for (const { text, what, hint } of CONNECTION_FAULTS) {
    const found = text.exec(details);
    // A channel that waits before it tries again has no error of its own, and says "null".
    if (found !== null) return { what, hint, reason: (found[1] ?? "").replace(/^null$/, "") };
  }
  return { ...NO_CONNECTION, reason: details };
}
