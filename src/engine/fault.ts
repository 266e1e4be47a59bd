import { status } from "@grpc/grpc-js";

/** A refusal that reaches the client as it is: Pachyderm's gRPC code and text. Anything else thrown in the engine is a bug. */
export class Fault extends Error {
  readonly code: status;

  constructor(code: status, message: string) {
    super(message);
    this.name = "Fault";
    this.code = code;
  }
}

export const notFound = (message: string): Fault => new Fault(status.NOT_FOUND, message);
export const alreadyExists = (message: string): Fault => new Fault(status.ALREADY_EXISTS, message);
export const invalid = (message: string): Fault => new Fault(status.INVALID_ARGUMENT, message);
export const unimplemented = (message: string): Fault => new Fault(status.UNIMPLEMENTED, message);

/** pachd answers most refusals that depend on a state (a finished commit, an output branch …) with UNKNOWN and a text. */
export const refused = (message: string): Fault => new Fault(status.UNKNOWN, message);

/** Runs a part of a call; what it refuses says of itself what was being done, as pachd's errors do: "start commit: repo …". */
export function within<T>(doing: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Fault) throw new Fault(error.code, `${doing}: ${error.message}`);
    throw error;
  }
}
