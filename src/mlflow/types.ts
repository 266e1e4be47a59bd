/** MLflow's objects in our own words. Its JSON stops at wire.ts. */

export const RUN_STATUSES = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export interface Experiment {
  readonly id: string;
  readonly name: string;
}

export interface Run {
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly status: RunStatus;
  readonly startTime: Date;
  /** A run that was continued keeps the end of its earlier attempt until it ends again. */
  readonly endTime: Date | undefined;
  readonly artifactUri: string;
  readonly deleted: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string>>;
  /** For each key the value with the highest step, then time, then value. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly datasets: readonly DatasetInput[];
  /** Ids of the logged models that it made. */
  readonly outputs: readonly string[];
  /** Ids of the logged models that it read. */
  readonly modelInputs: readonly string[];
}

/** One point of a metric's curve. */
export interface Metric {
  readonly key: string;
  readonly value: number;
  readonly time: Date;
  readonly step: number;
}

/** What goes to a run together. */
export interface RunBatch {
  readonly params?: Readonly<Record<string, string>> | undefined;
  readonly metrics?: readonly Metric[] | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

/**
 * A data set that a run read. Within an experiment MLflow knows it by name and digest alone: the first source that
 * it is told for the two stays.
 */
export interface DatasetInput {
  readonly name: string;
  /** At most 36 characters. */
  readonly digest: string;
  readonly sourceType: string;
  readonly source: string;
  /** What it was used for, as `training`. */
  readonly context: string | undefined;
}

/** A file to be sent. */
export interface FileContent {
  readonly file: string;
  /** Told of each piece that left. */
  readonly onBytes?: ((count: number) => void) | undefined;
}

export interface Artifact {
  /** Relative to the run's artifacts, with slashes. */
  readonly path: string;
  readonly sizeBytes: number;
}

export interface ModelVersion {
  readonly name: string;
  readonly version: string;
  readonly runId: string | undefined;
  readonly source: string;
  readonly aliases: readonly string[];
  /** `None` unless the deprecated stages are in use. */
  readonly stage: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly created: Date;
}

/** A name in the registry, under which there are versions. */
export interface RegisteredModel {
  readonly name: string;
  /** Moves when a version is made, deleted or put into another stage; not when an alias or a tag is set. */
  readonly updated: Date;
  /** The version that each alias points at. */
  readonly aliases: Readonly<Record<string, string>>;
  /** The newest version of each stage that is in use, "None" too, without aliases. */
  readonly latest: readonly ModelVersion[];
}

export const MODEL_STATUSES = ["PENDING", "READY", "UPLOAD_FAILED", "STATUS_UNSPECIFIED"] as const;
export type ModelStatus = (typeof MODEL_STATUSES)[number];

/** A model with files of its own, as MLflow 3 keeps them. Its name is not unique. */
export interface LoggedModel {
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly status: ModelStatus;
  readonly artifactUri: string;
  readonly sourceRunId: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string>>;
  /** For each key the value that the server lists last. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly created: Date;
  /** Moves when its status does, not when a tag is set. */
  readonly updated: Date;
}
