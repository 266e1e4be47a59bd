import { spawnSync } from "node:child_process";
import { accessSync, constants, mkdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { StemmaError } from "../lineage/errors.ts";
import { ARTIFACTS_URL } from "./artifacts-repo.ts";
import { packageRoot } from "./job-environment.ts";
import type { ServiceDefinition } from "./services.ts";
import { HOST, s3AddressOf } from "./services-file.ts";
import type { StateFolder } from "./state-folder.ts";

/** A cold start takes half a minute on a quiet machine, and up to two on a busy one. */
const START_LIMIT_MS = 180_000;
const ANSWER_LIMIT_MS = 5000;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * An MLflow server with its database in the state folder, and its artifacts too, or in the repo `artifacts` behind the S3
 * gateway on that port.
 */
export function mlflowService(folder: StateFolder, env: Environment, s3Port: number | undefined): ServiceDefinition {
  return {
    name: "mlflow",
    title: "the MLflow server",
    defaultPort: 5000,
    portOption: "--mlflow-port",
    startLimitMs: START_LIMIT_MS,
    s3Port,
    command: (port) => {
      mkdirSync(folder.mlflowHome, { recursive: true });
      const program = findMlflowProgram(env);
      if (s3Port !== undefined) requireBoto3(program);
      const destination = s3Port === undefined ? artifactFolder(folder) : ARTIFACTS_URL;
      return {
        program,
        args: serverArguments(folder.mlflowHome, port, destination),
        cwd: folder.mlflowHome,
        // Without job execution it is two processes instead of fifteen.
        env: {
          ...env,
          MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
          MLFLOW_DISABLE_TELEMETRY: "true",
          ...(s3Port === undefined ? {} : gatewayEnvironment(env, s3Port)),
        },
      };
    },
    answers,
  };
}

/** Where artifacts go unless they are kept in Pachyderm. */
export function artifactFolder(folder: StateFolder): string {
  return join(folder.mlflowHome, "artifacts");
}

function serverArguments(home: string, port: number, destination: string): string[] {
  const place = ["--host", HOST, "--port", String(port), "--workers", "1"];
  const store = ["--backend-store-uri", `sqlite:///${join(home, "mlflow.db")}`];
  return ["server", ...place, ...store, "--artifacts-destination", destination, "--serve-artifacts"];
}

/** What makes boto3 talk to the gateway, and to nobody else, whatever the user has set for an S3 of their own. */
function gatewayEnvironment(env: Environment, s3Port: number): Environment {
  return {
    MLFLOW_S3_ENDPOINT_URL: s3AddressOf(s3Port),
    AWS_ACCESS_KEY_ID: "default",
    AWS_SECRET_ACCESS_KEY: "default",
    AWS_SESSION_TOKEN: undefined,
    AWS_PROFILE: undefined,
    AWS_DEFAULT_REGION: "us-east-1",
    no_proxy: [env["no_proxy"] ?? env["NO_PROXY"], HOST].filter(Boolean).join(","),
  };
}

/** Throws NOT_FOUND without boto3: MLflow does not bring it along, and would miss it only when the first artifact comes. */
export function requireBoto3(mlflow: string): void {
  const python = join(dirname(mlflow), "python");
  const check = spawnSync(python, ["-c", "import importlib.util, sys; sys.exit(importlib.util.find_spec('boto3') is None)"]);
  if (check.status !== 1) return;
  throw new StemmaError("NOT_FOUND", `the Python of ${mlflow} has no boto3, by which MLflow reaches the S3 gateway;`, {
    hint: `install it: ${python} -m pip install boto3`,
  });
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
function findMlflowProgram(env: Environment): string {
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
