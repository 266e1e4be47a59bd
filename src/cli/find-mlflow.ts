import { MlflowClient } from "../mlflow/client.ts";
import { mlflowAddress } from "./addresses.ts";
import type { Environment } from "./services-here.ts";

/** Connects to `uri`, else to $MLFLOW_TRACKING_URI, else to the server that `stemma up` started here, else where MLflow usually is. */
export function findMlflow(env: Environment, cwd: string, uri?: string, signal?: AbortSignal): MlflowClient {
  return new MlflowClient({ uri: mlflowAddress(env, cwd, uri), env, signal });
}
