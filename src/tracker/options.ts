import type { Environment } from "./ports.ts";

/** How large an outbox may grow, unless it is said otherwise. */
export const OUTBOX_LIMIT_BYTES = 1024 ** 3;

/** What is to be recorded, and how. */
export interface RecordOptions {
  /** The command line, or what stands for it. */
  readonly command: readonly string[];
  readonly experiment: string;
  /** Whether the experiment was asked for: a run that is continued must be of it. */
  readonly isExperimentGiven: boolean;
  readonly name: string | undefined;
  /** A run that is there already and is to be continued. */
  readonly runId: string | undefined;
  /** The run that this one is a part of. */
  readonly parentRunId: string | undefined;
  /** Set on the run beside the tracker's own. */
  readonly tags: Readonly<Record<string, string>>;
  /** What the inputs are used for. */
  readonly context: string;
  /** Where the run card goes; the job's output by default, and nowhere outside of a job. */
  readonly cardFolder: string | undefined;
  /** Where what MLflow could not be told is kept outside of a job. */
  readonly outboxFolder: string;
  readonly outboxLimitBytes: number;
  /** Whether a server that is away, or an incomplete record, is a failure. */
  readonly isTrackingRequired: boolean;
  /** Names, with `*`, of further variables, params and options whose values are secrets. */
  readonly redact: readonly string[];
  readonly isSpark: boolean;
  readonly isLogKept: boolean;
  /** MLflow's address as the command is to use it: unlike the one shown it may hold credentials. */
  readonly trackingUri: string;
  readonly user: string;
  readonly cwd: string;
  readonly env: Environment;
  readonly signal: AbortSignal;
  /** stemma's own. */
  readonly version: string;
}
