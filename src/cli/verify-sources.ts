import { StemmaError } from "../lineage/errors.ts";
import { absentMlflow, absentPachyderm } from "../verify/absent.ts";
import type { VerifySources } from "../verify/ports.ts";
import type { Context } from "./context.ts";
import type { LineageOptions } from "./lineage-options.ts";

/** Connects to both servers; one that cannot be connected to answers every question with why. Rejects with USAGE. */
export async function connectToVerify(
  context: Context,
  { pachd, mlflow }: LineageOptions,
): Promise<{ readonly sources: VerifySources; readonly close: () => void }> {
  const [pachyderm, runs] = await Promise.all([
    orReason(context.pachyderm(pachd)),
    orReason(context.mlflow(mlflow, context.signal)),
  ]);
  return {
    sources: {
      pachyderm: pachyderm instanceof StemmaError ? absentPachyderm(pachyderm) : pachyderm,
      mlflow: runs instanceof StemmaError ? absentMlflow(runs) : runs,
    },
    close: () => {
      if (!(pachyderm instanceof StemmaError)) pachyderm.close();
    },
  };
}

async function orReason<Client>(client: Promise<Client>): Promise<Client | StemmaError> {
  try {
    return await client;
  } catch (error) {
    if (error instanceof StemmaError && error.code === "UNREACHABLE") return error;
    throw error;
  }
}
