import { StemmaError } from "../lineage/errors.ts";
import { readWorkerJob } from "./capture/environment.ts";
import { isReservedTag } from "./capture/tags.ts";
import type { TrackOptions } from "./library-types.ts";
import { OUTBOX_LIMIT_BYTES, type RecordOptions } from "./options.ts";
import { parseKey } from "./report/scalars.ts";

/** What the program that calls the library says of itself. */
export interface Caller extends Pick<RecordOptions, "command" | "cwd" | "env" | "user" | "version" | "trackingUri"> {
  /** What a run is named after that has no other name. */
  readonly programName: string;
}

/** The options with what goes without saying. USAGE for those that cannot be. */
export function toRecordOptions(options: TrackOptions, caller: Caller): RecordOptions {
  const { programName, ...world } = caller;
  const { env } = world;
  const parentRunId = options.runId === undefined ? env["STEMMA_RUN_ID"] || undefined : undefined;
  const isOuterOfJob = readWorkerJob(env) !== undefined && parentRunId === undefined;
  return {
    ...world,
    experiment: options.experiment ?? (env["MLFLOW_EXPERIMENT_NAME"] || "Default"),
    isExperimentGiven: options.experiment !== undefined,
    name: checkName(options.name) ?? (isOuterOfJob ? undefined : programName),
    runId: options.runId,
    parentRunId,
    tags: checkTags(options.tags),
    context: options.context ?? "training",
    cardFolder: options.card,
    outboxFolder: options.outbox ?? ".stemma/outbox",
    outboxLimitBytes: OUTBOX_LIMIT_BYTES,
    isTrackingRequired: options.requireTracking ?? false,
    redact: options.redact ?? [],
    isSpark: false,
    isLogKept: false,
    signal: options.signal ?? new AbortController().signal,
  };
}

/** A name that can be shown on one line, or USAGE. */
export function checkName(name: string | undefined): string | undefined {
  if (name === undefined || (name.trim() !== "" && !/\p{Cc}/u.test(name))) return name;
  throw new StemmaError("USAGE", `a run's name is not empty and has no control characters, unlike ${JSON.stringify(name)}`);
}

/** Tags that anybody may set, or USAGE. */
export function checkTags(tags: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  for (const key of Object.keys(tags)) checkTagKey(key);
  return tags;
}

/** A tag's key that MLflow takes and that is not ours, or USAGE. */
export function checkTagKey(key: string): string {
  if (isReservedTag(key)) throw new StemmaError("USAGE", `the tag "${key}" is set by stemma alone`);
  return parseKey(key);
}
