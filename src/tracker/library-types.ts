/** How a function is to be recorded. Everything may be left out. */
export interface TrackOptions {
  /** MLflow's experiment; by default $MLFLOW_EXPERIMENT_NAME, or Default. */
  readonly experiment?: string | undefined;
  /** The run's name; by default PIPELINE@JOB in a Pachyderm job, else the program's file. */
  readonly name?: string | undefined;
  /** A run of MLflow that is there already and is to be continued. */
  readonly runId?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** MLflow's address; by default $MLFLOW_TRACKING_URI, or what `stemma up` started. */
  readonly mlflow?: string | undefined;
  /** What the inputs of a job are used for, as MLflow shows it; by default "training". */
  readonly context?: string | undefined;
  /** The folder that the run card goes to; by default the output of a Pachyderm job, else there is none. */
  readonly card?: string | undefined;
  /** The folder for what MLflow could not be told, outside of a Pachyderm job; by default .stemma/outbox. */
  readonly outbox?: string | undefined;
  /** Reject when MLflow is away, before the function is called, or when something did not arrive. */
  readonly requireTracking?: boolean | undefined;
  /** Names, with `*`, of further variables and params whose values are secrets. */
  readonly redact?: readonly string[] | undefined;
  /** When it aborts and the function rejects, the run is KILLED. */
  readonly signal?: AbortSignal | undefined;
  /** Gets each line that `stemma track` would print; by default it goes to stderr. */
  readonly say?: ((line: string) => void) | undefined;
}

/** A value of a param or a tag. */
export type Scalar = string | number | boolean | bigint;

export interface MetricDetails {
  /** A whole number; by default one more than the last of the key. */
  readonly step?: number | undefined;
  /** By default now. */
  readonly time?: Date | undefined;
}

/** How a run within a run is to be recorded. */
export interface ChildOptions {
  /** The run is named PARENT/NAME; by default the children are numbered. No two children of a run have the same. */
  readonly name?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Aborts this child alone. */
  readonly signal?: AbortSignal | undefined;
}

/** The function that a run records. */
export type TrackedWork<Value> = (run: TrackedRun) => Value | PromiseLike<Value>;

/**
 * The run as the function that it records sees it. No call waits for MLflow or fails because of it; one that MLflow could
 * never take throws USAGE at once.
 */
export interface TrackedRun {
  /** MLflow's id; undefined while MLflow is away. */
  readonly id: string | undefined;
  /** Aborts when the work is to end early. */
  readonly signal: AbortSignal;
  /** MLflow keeps a param's first value: another one is refused. */
  logParam(key: string, value: Scalar): void;
  logParams(params: Readonly<Record<string, Scalar>>): void;
  /** A point of a curve. NaN and the infinities are fine. */
  logMetric(key: string, value: number, details?: MetricDetails): void;
  logMetrics(metrics: Readonly<Record<string, number>>, details?: MetricDetails): void;
  /** The last value of a key counts. */
  setTag(key: string, value: Scalar): void;
  setTags(tags: Readonly<Record<string, Scalar>>): void;
  /** Copies a file as it is now, or a folder, to the artifact `as`: by default of the same name. */
  logArtifact(path: string, as?: string): Promise<void>;
  logText(text: string, as: string): Promise<void>;
  /** A run within this one, in the same way: its function's value or rejection is passed on. */
  child<Value>(options: ChildOptions, work: TrackedWork<Value>): Promise<Value>;
}
