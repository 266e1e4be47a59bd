import type { TestProject } from "vitest/node";
import { startMlflowServer } from "./mlflow-server.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** A real MLflow server, one for the whole test run: `inject("mlflowUri")`. */
    mlflowUri: string;
  }
}

/** Starts the MLflow server that all tests share, or takes the one that $STEMMA_TEST_MLFLOW names. */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env["STEMMA_TEST_MLFLOW"];
  if (given !== undefined && given !== "") {
    project.provide("mlflowUri", given);
    return undefined;
  }
  const server = await startMlflowServer();
  project.provide("mlflowUri", server.uri);
  return () => server.close();
}
