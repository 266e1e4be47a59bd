import { StemmaError } from "../../lineage/errors.ts";
import { plainText } from "../../lineage/plain-text.ts";
import { oneLine } from "../exit.ts";

/** What came of looking at one thing: it is fine, worth knowing, or must be mended. */
export interface Finding {
  readonly state: "ok" | "warn" | "fail";
  /** What was looked at: `Pachyderm`, `artifacts`, `Java` … */
  readonly what: string;
  readonly detail: string;
  /** What to do about it; absent where all is fine. */
  readonly advice?: string | undefined;
  /** True where a server did not answer, so that nothing else could be said of it. */
  readonly isUnreachable?: boolean;
}

/** A failure of a thing that was tried. What the error advises goes before the advice for all failures of that thing. */
export function failed(what: string, error: unknown, advice: string): Finding {
  if (!(error instanceof StemmaError)) throw error;
  const detail = plainText(oneLine(new StemmaError(error.code, error.message)).replace(/[.;]$/, ""));
  const isUnreachable = error.code === "UNREACHABLE";
  return {
    state: "fail",
    what,
    detail,
    advice: isUnreachable ? (error.hint ?? advice) : [error.hint, advice].filter(Boolean).join(" "),
    ...(isUnreachable && { isUnreachable }),
  };
}

/** `ok    what  detail  -> what to do`, with the names in one column. */
export function formatFinding({ state, what, detail, advice }: Finding): string {
  const shown = state === "fail" ? "FAIL" : state;
  return `${shown.padEnd(4)}  ${what.padEnd(WIDTH)}  ${detail}${advice === undefined ? "" : `  -> ${advice}`}\n`;
}

const WIDTH = "MLflow clock".length;

/** 0 when nothing failed, 4 when all that failed is that servers can't be reached, else 1. */
export function exitCodeFor(findings: readonly Finding[]): number {
  const failures = findings.filter(({ state }) => state === "fail");
  if (failures.length === 0) return 0;
  return failures.every(({ isUnreachable }) => isUnreachable) ? 4 : 1;
}
