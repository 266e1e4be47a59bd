import { PachydermClient } from "../pachyderm/client.ts";
import { namedPachyderm } from "./addresses.ts";
import { findPachctlContext } from "./pachctl-context.ts";
import { type Environment, usualAddress } from "./services-here.ts";

/**
 * Connects to `address`, else to $PACHD_ADDRESS, else to the engine that `stemma up` started here, else to the server that
 * pachctl uses, else where pachd usually is. The token is $PACH_TOKEN; pachctl's goes to pachctl's server alone.
 */
export function findPachyderm(env: Environment, cwd: string, address?: string): PachydermClient {
  const token = env["PACH_TOKEN"] || undefined;
  const named = namedPachyderm(env, cwd, address);
  if (named !== undefined) return new PachydermClient({ address: named, token });
  const context = findPachctlContext(env);
  if (context !== undefined) return new PachydermClient({ ...context, token: token ?? context.token });
  return new PachydermClient({ address: usualAddress("engine"), token });
}
