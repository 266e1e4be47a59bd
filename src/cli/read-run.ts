import { StemmaError } from "../lineage/errors.ts";
import type { MlflowClient } from "../mlflow/client.ts";
import type { Artifact, Run } from "../mlflow/types.ts";
import type { JsonObject } from "../tracker/json.ts";
import { viewOfRun } from "../tracker/card/run-view.ts";

/** All that MLflow has of a run, in the shape of a run card. Rejects with NOT_FOUND. */
export async function readRun(mlflow: MlflowClient, id: string): Promise<JsonObject> {
  const run = await mlflow.inspectRun(id);
  const gaps: string[] = [];
  const [artifacts, experimentName, children] = await Promise.all([
    listArtifacts(mlflow, run, gaps),
    experimentNameOf(mlflow, run),
    listChildren(mlflow, run),
  ]);
  return viewOfRun({ run, trackingUri: mlflow.uri, artifacts, experimentName, children, gaps });
}

/** A store of artifacts that is away, or not served, takes nothing from the rest. */
async function listArtifacts(mlflow: MlflowClient, { id }: Run, gaps: string[]): Promise<readonly Artifact[]> {
  try {
    return await Array.fromAsync(mlflow.listArtifacts(id));
  } catch (error) {
    if (!(error instanceof StemmaError)) throw error;
    gaps.push(`artifacts: ${error.message}`);
    return [];
  }
}

async function experimentNameOf(mlflow: MlflowClient, run: Run): Promise<string | undefined> {
  for await (const { id, name } of mlflow.listExperiments()) if (id === run.experimentId) return name;
  return undefined;
}

async function listChildren(mlflow: MlflowClient, { id, experimentId }: Run): Promise<string[]> {
  const filter = `tags.\`mlflow.parentRunId\` = '${id}'`;
  const children = await Array.fromAsync(mlflow.searchRuns({ experimentIds: [experimentId], filter }));
  return children.map((child) => child.id);
}
