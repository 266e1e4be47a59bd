import { join, resolve } from "node:path";

/** Where everything that `stemma up` starts keeps what it knows. */
export interface StateFolder {
  readonly path: string;
  /** Which services run here, and where. */
  readonly servicesFile: string;
  readonly logFolder: string;
  readonly engineHome: string;
  readonly mlflowHome: string;
}

/** $STEMMA_HOME, or `.stemma` of the working folder. Nothing is made yet. */
export function stateFolder(env: Readonly<Record<string, string | undefined>>, cwd: string): StateFolder {
  const path = resolve(cwd, env["STEMMA_HOME"] || ".stemma");
  return {
    path,
    servicesFile: join(path, "services.json"),
    logFolder: join(path, "logs"),
    engineHome: join(path, "engine"),
    mlflowHome: join(path, "mlflow"),
  };
}
