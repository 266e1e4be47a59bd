import { StemmaError, orAbsent } from "../lineage/errors.ts";
import type { MlflowApi } from "./api.ts";
import type { Experiment } from "./types.ts";
import { toPairs } from "./wire.ts";

/** Without it MLflow's page takes an experiment for one of prompts and evaluations. */
const OF_MODELS = { "mlflow.experimentKind": "custom_model_development" } as const;

/** An experiment of that name, also a deleted one: it keeps its name. */
export async function findExperiment(api: MlflowApi, name: string): Promise<FoundExperiment | undefined> {
  const answer = await orAbsent(api.get("experiments/get-by-name", { experiment_name: name }));
  if (answer === undefined) return undefined;
  const experiment = answer.object("experiment");
  return { id: experiment.text("experiment_id"), name, deleted: experiment.optionalText("lifecycle_stage") === "deleted" };
}

export interface FoundExperiment extends Experiment {
  readonly deleted: boolean;
}

/** The id of the experiment of that name, made if need be. A deleted one is USAGE. */
export async function openExperiment(api: MlflowApi, name: string): Promise<string> {
  const known = await findExperiment(api, name);
  if (known !== undefined) return activeId(known);
  try {
    const created = await api.post("experiments/create", { name, tags: toPairs(OF_MODELS) });
    return created.text("experiment_id");
  } catch (error) {
    if (!(error instanceof StemmaError) || error.code !== "ALREADY_EXISTS") throw error;
    const others = await findExperiment(api, name);
    if (others === undefined) throw error;
    return activeId(others);
  }
}

/** All of them, deleted ones too: their runs are still what made something. */
export async function* listExperiments(api: MlflowApi): AsyncIterable<Experiment> {
  const query = { view_type: "ALL", order_by: ["creation_time ASC"] };
  for await (const found of api.search("experiments/search", "experiments", query))
    yield { id: found.text("experiment_id"), name: found.text("name") };
}

function activeId({ id, name, deleted }: FoundExperiment): string {
  if (!deleted) return id;
  throw new StemmaError("USAGE", `MLflow's experiment "${name}" is deleted.`, {
    hint: `Use another name, or "mlflow experiments restore --experiment-id ${id}".`,
  });
}
