import { addressOf, findRecord } from "../local/services-file.ts";
import type { ServiceName } from "../local/services-file.ts";
import { stateFolder } from "../local/state-folder.ts";
import { MlflowClient } from "../mlflow/client.ts";
import { PachydermClient } from "../pachyderm/client.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_PORTS = { engine: 30650, mlflow: 5000 } satisfies Record<ServiceName, number>;

/** Connects to `address`, else to $PACHD_ADDRESS, else to the engine that `stemma up` started here, else where pachd usually is. */
export function findPachyderm(env: Environment, cwd: string, address?: string): PachydermClient {
  const found = address || env["PACHD_ADDRESS"] || localAddress(env, cwd, "engine");
  return new PachydermClient({ address: found, token: env["PACH_TOKEN"] || undefined });
}

/** Connects to `uri`, else to $MLFLOW_TRACKING_URI, else to the server that `stemma up` started here, else where MLflow usually is. */
export function findMlflow(env: Environment, cwd: string, uri?: string): MlflowClient {
  return new MlflowClient({ uri: uri || env["MLFLOW_TRACKING_URI"] || localAddress(env, cwd, "mlflow"), env });
}

function localAddress(env: Environment, cwd: string, name: ServiceName): string {
  return addressOf(name, findRecord(stateFolder(env, cwd), name)?.port ?? DEFAULT_PORTS[name]);
}
