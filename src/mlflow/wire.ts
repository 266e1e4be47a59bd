import { StemmaError } from "../lineage/errors.ts";
import { type DatasetInput, type ModelVersion, RUN_STATUSES, type Run, type RunStatus } from "./types.ts";

/** MLflow's JSON as far as we read it. Empty lists, and most empty fields, are left out by the server. */
interface WirePair {
  readonly key: string;
  readonly value?: string;
}

export interface WireRun {
  readonly info: {
    readonly run_id: string;
    readonly experiment_id: string;
    readonly run_name?: string;
    readonly status?: string;
    readonly start_time?: number;
    readonly end_time?: number;
    readonly artifact_uri?: string;
    readonly lifecycle_stage?: string;
  };
  readonly data?: {
    readonly tags?: readonly WirePair[];
    readonly params?: readonly WirePair[];
    readonly metrics?: readonly { readonly key: string; readonly value: number | string }[];
  };
  readonly inputs?: { readonly dataset_inputs?: readonly WireDatasetInput[] };
}

export interface WireDatasetInput {
  readonly tags?: readonly WirePair[];
  readonly dataset: { readonly name?: string; readonly digest?: string; readonly source_type?: string; readonly source?: string };
}

export interface WireModelVersion {
  readonly name: string;
  readonly version: string;
  readonly run_id?: string;
  readonly source?: string;
  readonly aliases?: readonly string[];
  readonly current_stage?: string;
}

const CONTEXT_TAG = "mlflow.data.context";

export function toRun({ info, data, inputs }: WireRun): Run {
  return {
    id: info.run_id,
    experimentId: info.experiment_id,
    name: info.run_name ?? "",
    status: toRunStatus(info.status),
    startTime: new Date(info.start_time ?? 0),
    endTime: info.end_time === undefined || info.end_time === 0 ? undefined : new Date(info.end_time),
    artifactUri: info.artifact_uri ?? "",
    deleted: info.lifecycle_stage === "deleted",
    tags: fromPairs(data?.tags),
    params: fromPairs(data?.params),
    // "NaN" comes as a string.
    metrics: Object.fromEntries((data?.metrics ?? []).map(({ key, value }) => [key, Number(value)])),
    datasets: (inputs?.dataset_inputs ?? []).map(toDatasetInput),
  };
}

function toRunStatus(text: string | undefined): RunStatus {
  const status = RUN_STATUSES.find((known) => known === text);
  if (status === undefined) throw new StemmaError("FAILED", `MLflow answered with the unknown run status "${text ?? ""}"`);
  return status;
}

function toDatasetInput({ tags, dataset }: WireDatasetInput): DatasetInput {
  return {
    name: dataset.name ?? "",
    digest: dataset.digest ?? "",
    sourceType: dataset.source_type ?? "",
    source: dataset.source ?? "",
    context: fromPairs(tags)[CONTEXT_TAG],
  };
}

export function fromDatasetInput({ name, digest, sourceType, source, context }: DatasetInput): WireDatasetInput {
  return {
    tags: context === undefined ? [] : [{ key: CONTEXT_TAG, value: context }],
    dataset: { name, digest, source_type: sourceType, source },
  };
}

export function toModelVersion(wire: WireModelVersion): ModelVersion {
  return {
    name: wire.name,
    version: wire.version,
    runId: wire.run_id === "" ? undefined : wire.run_id,
    source: wire.source ?? "",
    aliases: wire.aliases ?? [],
    stage: wire.current_stage ?? "None",
  };
}

export function toPairs(record: Readonly<Record<string, string>> = {}): { key: string; value: string }[] {
  return Object.entries(record).map(([key, value]) => ({ key, value }));
}

function fromPairs(pairs: readonly WirePair[] = []): Record<string, string> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, value ?? ""]));
}
