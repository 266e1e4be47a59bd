import type { ErrorCode, StemmaError } from "../lineage/errors.ts";

/** 0 is fine, 1 a failure or a finding; 70 (a bug) is given by program.ts to whatever is no StemmaError. */
const EXIT_CODES = {
  USAGE: 2,
  NOT_FOUND: 3,
  ALREADY_EXISTS: 1,
  FAILED: 1,
  UNREACHABLE: 4,
  INTEGRITY: 5,
  INCOMPLETE: 6,
  UNSUPPORTED: 1,
} satisfies Record<ErrorCode, number>;

export function exitCodeOf(code: ErrorCode): number {
  return EXIT_CODES[code];
}

/** What, where, and what to do, on one line. */
export function oneLine(error: StemmaError): string {
  return [error.message.trim().replace(/\s*\n\s*/g, "; "), error.hint].filter(Boolean).join(" ").replace(/\s+/g, " ").trim();
}

/** Thrown by a command that has printed all there is to say, to end with this exit code. */
export class ExitCode extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`exit code ${code}`);
    this.code = code;
  }
}
