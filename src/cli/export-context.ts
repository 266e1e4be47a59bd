import type { ExportContext } from "../lineage/export/context.ts";
import { mlflowAddress, pachydermAddress } from "./addresses.ts";
import type { Context } from "./context.ts";
import type { LineageOptions } from "./lineage-options.ts";

/** Where the two servers are, in the names that documents have for them: without user, password and path. */
export function exportContext({ env, cwd, version }: Context, { pachd, mlflow }: LineageOptions): ExportContext {
  return {
    version,
    pachyderm: `pachyderm://${hostOf(pachydermAddress(env, cwd, pachd))}`,
    mlflow: `mlflow://${hostOf(mlflowAddress(env, cwd, mlflow))}`,
    now: new Date(),
  };
}

function hostOf(address: string): string {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `grpc://${address}`;
  const host = URL.canParse(text) ? new URL(text).host : "";
  return host === "" ? "localhost" : host;
}
