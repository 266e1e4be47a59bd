import { StemmaError } from "../lineage/errors.ts";
import type { MlflowApi } from "./api.ts";
import { planBatches } from "./batches.ts";
import type { DatasetInput, Run, RunBatch, RunStatus } from "./types.ts";
import { fromDatasetInput, toPairs, toRun } from "./wire.ts";

const DATASETS_PER_CALL = 100;

export interface NewRun {
  readonly experimentId: string;
  readonly name: string;
  readonly startTime: Date;
  readonly tags: Readonly<Record<string, string>>;
}

export interface RunSearch {
  readonly experimentIds: readonly string[];
  /** In MLflow's own search language. */
  readonly filter?: string;
  readonly includeDeleted?: boolean;
  readonly onlyDeleted?: boolean;
}

/** What of a run can be changed. What is left out stays. */
export interface RunChange {
  readonly status?: RunStatus | undefined;
  readonly endTime?: Date | undefined;
  readonly name?: string | undefined;
}

export async function createRun(api: MlflowApi, { experimentId, name, startTime, tags }: NewRun): Promise<Run> {
  const body = {
    experiment_id: experimentId,
    start_time: startTime.getTime(),
    run_name: name,
    user_id: tags["mlflow.user"] ?? "",
    tags: toPairs(tags),
  };
  const answer = await api.post("runs/create", body, { repeat: "if-unsent", isDelicate: true });
  const run = toRun(answer.object("run"));
  if (run.experimentId !== experimentId)
    throw new StemmaError("FAILED", `MLflow made run ${run.id} in experiment ${run.experimentId}, not ${experimentId}`);
  return run;
}

export async function inspectRun(api: MlflowApi, id: string): Promise<Run> {
  const answer = await api.get("runs/get", { run_id: id });
  const run = toRun(answer.object("run"));
  if (run.id !== id) throw otherRun(id, run.id);
  return run;
}

export async function updateRun(api: MlflowApi, id: string, { status, endTime, name }: RunChange): Promise<void> {
  const body = { run_id: id, status, end_time: endTime?.getTime(), run_name: name };
  const answer = await api.post("runs/update", body, { isDelicate: true });
  const info = answer.object("run_info");
  if (info.text("run_id") !== id) throw otherRun(id, info.text("run_id"));
  const now = info.optionalText("status");
  // A status that it does not know is ignored by the server, with a 200.
  if (status !== undefined && now !== status)
    throw new StemmaError("FAILED", `MLflow: run ${id} is ${now ?? "without status"}, not ${status}`);
}

/** In as many calls as the server's limits ask for, several at a time, and no more once one has failed. */
export async function logBatch(api: MlflowApi, id: string, batch: RunBatch, lanes: number): Promise<void> {
  const parts = planBatches(batch);
  const work = async (): Promise<void> => {
    for (const part of parts) await api.post("runs/log-batch", { run_id: id, ...part });
  };
  // A loop that is left by an error closes the generator, so that the other lanes end, too.
  const outcomes = await Promise.allSettled(Array.from({ length: lanes }, work));
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

export async function logInputs(api: MlflowApi, id: string, datasets: readonly DatasetInput[]): Promise<void> {
  for (let start = 0; start < datasets.length; start += DATASETS_PER_CALL) {
    const part = datasets.slice(start, start + DATASETS_PER_CALL);
    await api.post("runs/log-inputs", { run_id: id, datasets: part.map(fromDatasetInput) });
  }
}

/** Oldest first, so that runs created meanwhile shift no page. Without experiment ids MLflow finds nothing. */
export async function* searchRuns(
  api: MlflowApi,
  { experimentIds, filter = "", includeDeleted = false, onlyDeleted = false }: RunSearch,
): AsyncIterable<Run> {
  const query = {
    experiment_ids: experimentIds,
    filter,
    run_view_type: onlyDeleted ? "DELETED_ONLY" : includeDeleted ? "ALL" : "ACTIVE_ONLY",
    order_by: ["start_time ASC"],
  };
  for await (const run of api.search("runs/search", "runs", query)) yield toRun(run);
}

function otherRun(asked: string, answered: string): StemmaError {
  return new StemmaError("FAILED", `MLflow was asked for run ${asked} and answered with run ${answered}`);
}
