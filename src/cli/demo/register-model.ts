import { StemmaError } from "../../lineage/errors.ts";
import type { MlflowClient } from "../../mlflow/client.ts";

/** In the registry. */
const NAME = "paysim-fraud";
const ALIAS = "champion";

/**
 * Puts the model that a run made into the registry, as its next version, and lets the alias point at it. A run whose model is there
 * already, as one whose datum was skipped, gets no other. Answers the reference of the version, or undefined on a server without
 * logged models.
 */
export async function registerDemoModel(mlflow: MlflowClient, runId: string): Promise<string | undefined> {
  for await (const known of mlflow.listModelVersions({ runId })) if (known.name === NAME) return referenceTo(known.version);
  const model = await findModel(mlflow, runId);
  if (model === undefined) return undefined;
  const version = await mlflow.registerModel(NAME, { id: model, sourceRunId: runId });
  await mlflow.setAlias(version, ALIAS);
  return referenceTo(version.version);
}

async function findModel(mlflow: MlflowClient, runId: string): Promise<string | undefined> {
  const { experimentId } = await mlflow.inspectRun(runId);
  try {
    for await (const { id } of mlflow.searchModels({ experimentIds: [experimentId], filter: `source_run_id = '${runId}'` }))
      return id;
  } catch (error) {
    if (!(error instanceof StemmaError) || error.code !== "UNSUPPORTED") throw error;
  }
  return undefined;
}

function referenceTo(version: string): string {
  return `models:/${NAME}/${version}`;
}
