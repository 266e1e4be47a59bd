import { VALUE_LIMITS, cutText } from "../../mlflow/batches.ts";

const MOST_REASON = 300;

/** One try at a piece of work, and how it ended. */
export interface Attempt {
  /** The first is 1. */
  readonly attempt: number;
  readonly started: string;
  readonly host: string;
  readonly pid: number;
  readonly ended?: string | undefined;
  readonly status?: "FINISHED" | "FAILED" | "KILLED" | undefined;
  readonly exitCode?: number | undefined;
  /** Why it ended, where that is not the command's own doing. */
  readonly reason?: string | undefined;
}

/** What the tag of a run says of its attempts; nothing for a tag that somebody else wrote over. */
export function parseAttempts(text: string | undefined): readonly Attempt[] {
  try {
    const value: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(value) ? value.filter(isAttempt) : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

/** As many of the latest as MLflow keeps of a tag. */
export function formatAttempts(attempts: readonly Attempt[]): string {
  const texts = attempts.map(({ reason, ...rest }) =>
    JSON.stringify({ ...rest, reason: reason && cutText(reason, MOST_REASON) }),
  );
  while (texts.join().length + 2 > VALUE_LIMITS.tags) texts.shift();
  return `[${texts.join()}]`;
}

/** Attempts of which nobody told the end have been killed, as far as anybody can know. */
export function closeOpenAttempts(attempts: readonly Attempt[], ended: Date, reason: string): readonly Attempt[] {
  return attempts.map((attempt) =>
    attempt.ended === undefined ? { ...attempt, ended: ended.toISOString(), status: "KILLED", reason } : attempt,
  );
}

function isAttempt(value: unknown): value is Attempt {
  return typeof value === "object" && value !== null && "attempt" in value && typeof value.attempt === "number";
}

export interface AttemptEnd {
  readonly ended: Date;
  readonly status: "FINISHED" | "FAILED" | "KILLED";
  readonly exitCode: number;
  readonly how: string;
}

/** With the end of the latest attempt. */
export function endedAttempts(attempts: readonly Attempt[], { ended, status, exitCode, how }: AttemptEnd): readonly Attempt[] {
  const end = { ended: ended.toISOString(), status, exitCode, ...(how === "" ? {} : { reason: how }) };
  return attempts.map((attempt, index) => (index === attempts.length - 1 ? { ...attempt, ...end } : attempt));
}
