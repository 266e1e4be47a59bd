import { addressOf, findRecord } from "../local/services-file.ts";
import type { ServiceName } from "../local/services-file.ts";
import { stateFolder } from "../local/state-folder.ts";
import { MlflowClient } from "../mlflow/client.ts";
import { PachydermClient } from "../pachyderm/client.ts";
import { findPachctlContext } from "./pachctl-context.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_PORTS = { engine: 30650, mlflow: 5000 } satisfies Record<ServiceName, number>;

/**
 * Connects to `address`, else to $PACHD_ADDRESS, else to the engine that `stemma up` started here, else to the server that
 * pachctl uses, else where pachd usually is. The token is $PACH_TOKEN; pachctl's goes to pachctl's server alone.
 */
export function findPachyderm(env: Environment, cwd: string, address?: string): PachydermClient {
  const token = env["PACH_TOKEN"] || undefined;
  const named = address || env["PACHD_ADDRESS"] || startedAddress(env, cwd, "engine");
  if (named !== undefined) return new PachydermClient({ address: named, token });
  const context = findPachctlContext(env);
  if (context !== undefined) return new PachydermClient({ ...context, token: token ?? context.token });
  return new PachydermClient({ address: usualAddress("engine"), token });
}

/** Connects to `uri`, else to $MLFLOW_TRACKING_URI, else to the server that `stemma up` started here, else where MLflow usually is. */
export function findMlflow(env: Environment, cwd: string, uri?: string): MlflowClient {
  const found = uri || env["MLFLOW_TRACKING_URI"] || startedAddress(env, cwd, "mlflow") || usualAddress("mlflow");
  return new MlflowClient({ uri: found, env });
}

function startedAddress(env: Environment, cwd: string, name: ServiceName): string | undefined {
  const record = findRecord(stateFolder(env, cwd), name);
  return record && addressOf(name, record.port);
}

function usualAddress(name: ServiceName): string {
  return addressOf(name, DEFAULT_PORTS[name]);
}
