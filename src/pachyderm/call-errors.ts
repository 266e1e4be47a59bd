import { type ServiceError, status } from "@grpc/grpc-js";
import { type ErrorCode, StemmaError } from "../lineage/errors.ts";

/** gRPC's codes in ours; any other one, UNKNOWN first of all, is FAILED. */
const CODES: Readonly<Partial<Record<status, ErrorCode>>> = {
  [status.NOT_FOUND]: "NOT_FOUND",
  [status.ALREADY_EXISTS]: "ALREADY_EXISTS",
  [status.INVALID_ARGUMENT]: "USAGE",
  [status.UNAVAILABLE]: "UNREACHABLE",
  [status.DEADLINE_EXCEEDED]: "UNREACHABLE",
  [status.UNIMPLEMENTED]: "UNSUPPORTED",
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
  const what = error.code === status.DEADLINE_EXCEEDED ? "gave no answer in time" : "can't be reached";
  return new StemmaError("UNREACHABLE", `Pachyderm at ${address} ${what} (${error.details}).`, {
    hint: "Start one here with `stemma up`, or name another with --pachd HOST:PORT or PACHD_ADDRESS.",
    cause: error,
  });
}
