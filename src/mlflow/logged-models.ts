import { StemmaError } from "../lineage/errors.ts";
import type { MlflowApi } from "./api.ts";
import { inspectRun } from "./runs.ts";
import type { LoggedModel } from "./types.ts";
import { fromModelStatus, toLoggedModel, toPairs } from "./wire.ts";

/** MLflow 2 does not know them. */
const FEATURE = { feature: "logged models" } as const;
const MOST_PER_PAGE = 100;

export interface NewModel {
  readonly experimentId: string;
  readonly name: string;
  readonly sourceRunId: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly params?: Readonly<Record<string, string>>;
}

export interface ModelSearch {
  readonly experimentIds: readonly string[];
  /** In MLflow's own search language. */
  readonly filter?: string;
}

export async function createModel(
  api: MlflowApi,
  { experimentId, name, sourceRunId, tags, params }: NewModel,
): Promise<LoggedModel> {
  const body = {
    experiment_id: experimentId,
    name,
    source_run_id: sourceRunId,
    params: toPairs(params),
    tags: toPairs(tags),
  };
  const answer = await api.post("logged-models", body, { ...FEATURE, repeat: "if-unsent", isDelicate: true });
  return toLoggedModel(answer.object("model"));
}

export async function* searchModels(api: MlflowApi, { experimentIds, filter = "" }: ModelSearch): AsyncIterable<LoggedModel> {
  const query = {
    experiment_ids: experimentIds,
    filter,
    max_results: Math.min(api.pageSize, MOST_PER_PAGE),
    order_by: [{ field_name: "creation_timestamp", ascending: true }],
  };
  for await (const model of api.search("logged-models/search", "models", query, FEATURE)) yield toLoggedModel(model);
}

export async function finishModel(api: MlflowApi, id: string, status: "READY" | "UPLOAD_FAILED"): Promise<void> {
  const body = { model_id: id, status: fromModelStatus(status) };
  const answer = await api.post(`logged-models/${id}`, body, { ...FEATURE, method: "PATCH", isDelicate: true });
  const model = toLoggedModel(answer.object("model"));
  if (model.id !== id || model.status !== status)
    throw new StemmaError("FAILED", `MLflow: model ${id} is to be ${status}, and ${model.id} is ${model.status}`);
}

export async function deleteModel(api: MlflowApi, id: string): Promise<void> {
  await api.post(`logged-models/${id}`, { model_id: id }, { ...FEATURE, method: "DELETE" });
}

/** Names models as what a run made. MLflow refuses to be told again, so what it refuses is looked up. */
export async function logOutputs(api: MlflowApi, runId: string, modelIds: readonly string[]): Promise<void> {
  try {
    await postOutputs(api, runId, modelIds);
  } catch (error) {
    if (!(error instanceof StemmaError) || error.code !== "FAILED") throw error;
    const { outputs } = await inspectRun(api, runId);
    const missing = modelIds.filter((id) => !outputs.includes(id));
    if (missing.length === modelIds.length) throw error;
    if (missing.length > 0) await postOutputs(api, runId, missing);
  }
}

async function postOutputs(api: MlflowApi, runId: string, modelIds: readonly string[]): Promise<void> {
  const models = modelIds.map((id) => ({ model_id: id, step: 0 }));
  await api.post("runs/outputs", { run_id: runId, models }, FEATURE);
}
