import { accessSync, constants, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { StemmaError } from "../lineage/errors.ts";
import { packageRoot } from "./job-environment.ts";
import type { ServiceDefinition } from "./services.ts";
import { HOST } from "./services-file.ts";
import type { StateFolder } from "./state-folder.ts";

/** A cold start takes half a minute on a quiet machine, and up to two on a busy one. */
const START_LIMIT_MS = 180_000;
const ANSWER_LIMIT_MS = 5000;

/** An MLflow server with its database and its artifacts in the state folder. */
export function mlflowService(folder: StateFolder, env: Readonly<Record<string, string | undefined>>): ServiceDefinition {
  return {
    name: "mlflow",
    title: "the MLflow server",
    defaultPort: 5000,
    portOption: "--mlflow-port",
    startLimitMs: START_LIMIT_MS,
    command: (port) => {
      mkdirSync(folder.mlflowHome, { recursive: true });
      return {
        program: findMlflowProgram(env),
        args: serverArguments(folder.mlflowHome, port),
        cwd: folder.mlflowHome,
        // Without job execution it is two processes instead of fifteen.
        env: { ...env, MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false", MLFLOW_DISABLE_TELEMETRY: "true" },
      };
    },
    answers,
  };
}

function serverArguments(home: string, port: number): string[] {
  const place = ["--host", HOST, "--port", String(port), "--workers", "1"];
  const store = ["--backend-store-uri", `sqlite:///${join(home, "mlflow.db")}`];
  return ["server", ...place, ...store, "--artifacts-destination", join(home, "artifacts"), "--serve-artifacts"];
}

async function answers(uri: string): Promise<boolean> {
  try {
    const response = await fetch(`${uri}/health`, { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
    return response.ok;
  } catch (error) {
    // fetch rejects with a TypeError when nobody listens, and with a TimeoutError when nobody answers.
    if (error instanceof TypeError || (error instanceof DOMException && error.name === "TimeoutError")) return false;
    throw error;
  }
}

/** The `mlflow` of the clone's own environment, of an active one, or of PATH. */
function findMlflowProgram(env: Readonly<Record<string, string | undefined>>): string {
  const active = env["VIRTUAL_ENV"];
  const folders = [
    join(packageRoot, ".venv", "bin"),
    ...(active === undefined ? [] : [join(active, "bin")]),
    ...(env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== ""),
  ];
  const program = folders.map((folder) => join(folder, "mlflow")).find(isExecutable);
  if (program !== undefined) return program;
  throw new StemmaError("NOT_FOUND", "there is no mlflow on PATH;", {
    hint: 'in a clone "npm run demo" installs it; elsewhere "pip install mlflow", or set MLFLOW_TRACKING_URI to a server that runs.',
  });
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch (error) {
    if (["ENOENT", "EACCES", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}
