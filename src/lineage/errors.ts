/** What went wrong, in the few kinds that callers act upon. The code is the contract; the message is for people. */
export type ErrorCode =
  | "USAGE"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "FAILED"
  | "UNREACHABLE"
  | "INTEGRITY"
  | "INCOMPLETE"
  | "UNSUPPORTED";

export interface ErrorDetails {
  /** The next step, as a sentence. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** The one error class that crosses module boundaries. */
export class StemmaError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.name = "StemmaError";
    this.code = code;
    this.hint = details.hint;
  }
}

/** The answer, or undefined when that is that there is no such thing. */
export async function orAbsent<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof StemmaError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}
