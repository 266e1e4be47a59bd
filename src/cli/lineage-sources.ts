import type { Sources } from "../collect/ports.ts";
import { StemmaError } from "../lineage/errors.ts";
import type { Context } from "./context.ts";
import type { LineageOptions } from "./lineage-options.ts";
import type { VerifySources } from "../verify/ports.ts";

/** Both servers, with all that is asked of them. */
export type Servers = Sources & VerifySources;

/** Clients of both servers. Nothing is sent before the first question. */
export interface Connections {
  readonly sources: Servers;
  readonly close: () => void;
}

/** Makes the clients. An answer can do without one of the two; what asks the other then hears why. Rejects with USAGE. */
export async function connectSources(context: Context, { pachd, mlflow }: LineageOptions): Promise<Connections> {
  const [{ absentSource }, pachydermClient, mlflowClient] = await Promise.all([
    import("../collect/ports.ts"),
    orReason(context.pachyderm(pachd)),
    orReason(context.mlflow(mlflow, context.signal)),
  ]);
  return {
    sources: {
      pachyderm: pachydermClient instanceof StemmaError ? absentSource(pachydermClient) : pachydermClient,
      mlflow: mlflowClient instanceof StemmaError ? absentSource(mlflowClient) : mlflowClient,
    },
    close: () => {
      if (!(pachydermClient instanceof StemmaError)) pachydermClient.close();
    },
  };
}

async function orReason<Client>(client: Promise<Client>): Promise<Client | StemmaError> {
  try {
    return await client;
  } catch (error) {
    if (error instanceof StemmaError && error.code !== "USAGE") return error;
    throw error;
  }
}
