import { findPachctlContext } from "./pachctl-context.ts";
import { type Environment, startedAddress, usualAddress } from "./services-here.ts";

/** Where `findPachyderm` would connect to. Loads no client. */
export function pachydermAddress(env: Environment, cwd: string, address?: string): string {
  return namedPachyderm(env, cwd, address) ?? findPachctlContext(env)?.address ?? usualAddress("engine");
}

/** The server that this command line, this environment or this folder names, if one of them does. */
export function namedPachyderm(env: Environment, cwd: string, address?: string): string | undefined {
  return address || env["PACHD_ADDRESS"] || startedAddress(env, cwd, "engine");
}

/** Where `findMlflow` would connect to. Loads no client. */
export function mlflowAddress(env: Environment, cwd: string, uri?: string): string {
  return uri || env["MLFLOW_TRACKING_URI"] || startedAddress(env, cwd, "mlflow") || usualAddress("mlflow");
}
