import { type ServiceName, addressOf, findRecord } from "../local/services-file.ts";
import { stateFolder } from "../local/state-folder.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_PORTS = { engine: 30650, mlflow: 5000 } satisfies Record<ServiceName, number>;

/** Where the service is that `stemma up` started here, if it did. */
export function startedAddress(env: Environment, cwd: string, name: ServiceName): string | undefined {
  const record = findRecord(stateFolder(env, cwd), name);
  return record && addressOf(name, record.port);
}

/** Where such a service usually is. */
export function usualAddress(name: ServiceName): string {
  return addressOf(name, DEFAULT_PORTS[name]);
}
