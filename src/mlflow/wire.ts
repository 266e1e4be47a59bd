import { StemmaError } from "../lineage/errors.ts";
import type { Fields } from "./fields.ts";
import {
  type DatasetInput,
  type LoggedModel,
  MODEL_STATUSES,
  type ModelStatus,
  type ModelVersion,
  RUN_STATUSES,
  type RegisteredModel,
  type Run,
  type RunStatus,
} from "./types.ts";

const CONTEXT_TAG = "mlflow.data.context";
const RUN_ID = /^[0-9a-f]{32}$/;
const MODEL_ID = /^m-[\w-]+$/;
const MODEL_STATUS_PREFIX = "LOGGED_MODEL_";

/** A run as MLflow's JSON has it. Empty lists, and most empty fields, are left out by the server. */
export function toRun(run: Fields): Run {
  const info = run.object("info");
  const data = run.group("data");
  const endTime = info.number("end_time") ?? 0;
  return {
    id: info.id("run_id", RUN_ID),
    experimentId: info.text("experiment_id"),
    name: info.optionalText("run_name") ?? "",
    status: toRunStatus(info.optionalText("status")),
    startTime: new Date(info.number("start_time") ?? 0),
    endTime: endTime === 0 ? undefined : new Date(endTime),
    artifactUri: info.optionalText("artifact_uri") ?? "",
    deleted: info.optionalText("lifecycle_stage") === "deleted",
    tags: fromPairs(data.list("tags")),
    params: fromPairs(data.list("params")),
    metrics: toMetrics(data),
    datasets: run.group("inputs").list("dataset_inputs").map(toDatasetInput),
    outputs: modelIds(run.group("outputs").list("model_outputs")),
    modelInputs: modelIds(run.group("inputs").list("model_inputs")),
  };
}

function toMetrics(data: Fields): Record<string, number> {
  return Object.fromEntries(data.list("metrics").map((metric) => [metric.text("key"), metric.number("value") ?? 0]));
}

function modelIds(models: readonly Fields[]): string[] {
  return models.map((model) => model.text("model_id"));
}

function toRunStatus(text: string | undefined): RunStatus {
  const status = RUN_STATUSES.find((known) => known === text);
  if (status === undefined) throw new StemmaError("FAILED", `MLflow answered with the unknown run status "${text ?? ""}"`);
  return status;
}

function toDatasetInput(input: Fields): DatasetInput {
  const dataset = input.object("dataset");
  return {
    name: dataset.optionalText("name") ?? "",
    digest: dataset.optionalText("digest") ?? "",
    sourceType: dataset.optionalText("source_type") ?? "",
    source: dataset.optionalText("source") ?? "",
    context: fromPairs(input.list("tags"))[CONTEXT_TAG],
  };
}

export function fromDatasetInput({ name, digest, sourceType, source, context }: DatasetInput): object {
  return {
    tags: context === undefined ? [] : [{ key: CONTEXT_TAG, value: context }],
    dataset: { name, digest, source_type: sourceType, source },
  };
}

export function toModelVersion(version: Fields): ModelVersion {
  return {
    name: version.text("name"),
    version: version.text("version"),
    runId: version.optionalText("run_id"),
    source: version.optionalText("source") ?? "",
    aliases: version.texts("aliases"),
    stage: version.optionalText("current_stage") ?? "None",
    tags: fromPairs(version.list("tags")),
    created: toTime(version, "creation_timestamp"),
  };
}

export function toRegisteredModel(model: Fields): RegisteredModel {
  return {
    name: model.text("name"),
    updated: toTime(model, "last_updated_timestamp"),
    aliases: Object.fromEntries(model.list("aliases").map((alias) => [alias.text("alias"), alias.text("version")])),
    latest: model.list("latest_versions").map(toModelVersion),
  };
}

export function toLoggedModel(model: Fields): LoggedModel {
  const info = model.object("info");
  const data = model.group("data");
  return {
    id: info.id("model_id", MODEL_ID),
    experimentId: info.text("experiment_id"),
    name: info.optionalText("name") ?? "",
    status: toModelStatus(info.optionalText("status")),
    artifactUri: info.optionalText("artifact_uri") ?? "",
    sourceRunId: info.optionalText("source_run_id"),
    tags: fromPairs(info.list("tags")),
    params: fromPairs(data.list("params")),
    metrics: toMetrics(data),
    created: toTime(info, "creation_timestamp_ms"),
    updated: toTime(info, "last_updated_timestamp_ms"),
  };
}

function toModelStatus(text = ""): ModelStatus {
  const status = MODEL_STATUSES.find((known) => `${MODEL_STATUS_PREFIX}${known}` === text);
  if (status === undefined) throw new StemmaError("FAILED", `MLflow answered with the unknown model status "${text}"`);
  return status;
}

export function fromModelStatus(status: ModelStatus): string {
  return `${MODEL_STATUS_PREFIX}${status}`;
}

function toTime(fields: Fields, name: string): Date {
  return new Date(fields.number(name) ?? 0);
}

export function toPairs(record: Readonly<Record<string, string>> = {}): { key: string; value: string }[] {
  return Object.entries(record).map(([key, value]) => ({ key, value }));
}

function fromPairs(pairs: readonly Fields[]): Record<string, string> {
  return Object.fromEntries(pairs.map((pair) => [pair.text("key"), pair.optionalText("value") ?? ""]));
}
