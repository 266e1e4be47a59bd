/**
 * "bytes-equal": the same files with the same bytes. "content-equal": the same but for names, times and ids that differ each time by
 * nature. "metrics-equal": files differ, or there are none; the params are the same and each metric is within the tolerance.
 * "differs": `differences` begins with the first. "failed": the stage did not come to its end again. "missing": nothing was begun.
 */
export type Verdict = "bytes-equal" | "content-equal" | "metrics-equal" | "differs" | "failed" | "missing";

/** Something that is another than it was. */
export interface Difference {
  /** The datum of the run's own job, by its id. */
  readonly datum: string;
  /** What that datum read: `rows:/a.csv`. */
  readonly inputs: readonly string[];
  /** A file, a param, a metric, or the number of tracked runs. */
  readonly kind: "file" | "param" | "metric" | "runs" | "datum";
  readonly what: string;
  readonly expected: string;
  readonly found: string;
}

export interface Reproduction {
  readonly verdict: Verdict;
  readonly run: string;
  /** `train@<id>`: the job that the run was part of; undefined when that is what is missing. */
  readonly job?: string | undefined;
  /** How many datums were held against each other. */
  readonly datums: number;
  /** How many of their files. */
  readonly files: number;
  /** How many metrics. */
  readonly metrics: number;
  readonly tolerance: number;
  /** Those of the first datum that differs. */
  readonly differences: readonly Difference[];
  /** What was not held against each other, and why. */
  readonly leftOut: readonly string[];
  /** What there has to be before anything can begin. */
  readonly missing: readonly string[];
  /** What a reader should know besides, as sentences. */
  readonly notes: readonly string[];
}

export function isEqual(verdict: Verdict): boolean {
  return verdict === "bytes-equal" || verdict === "content-equal" || verdict === "metrics-equal";
}
