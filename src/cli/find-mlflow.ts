import { MlflowClient } from "../mlflow/client.ts";
import { type Environment, startedAddress, usualAddress } from "./services-here.ts";

/** Connects to `uri`, else to $MLFLOW_TRACKING_URI, else to the server that `stemma up` started here, else where MLflow usually is. */
export function findMlflow(env: Environment, cwd: string, uri?: string, signal?: AbortSignal): MlflowClient {
  const found = uri || env["MLFLOW_TRACKING_URI"] || startedAddress(env, cwd, "mlflow") || usualAddress("mlflow");
  return new MlflowClient({ uri: found, env, signal });
}
