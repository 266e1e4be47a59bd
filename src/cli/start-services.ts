import { StemmaError } from "../lineage/errors.ts";
import { engineService } from "../local/engine-service.ts";
import { ARTIFACTS_URL, ensureArtifactsRepo } from "../local/artifacts-repo.ts";
import { artifactFolder, mlflowService } from "../local/mlflow-service.ts";
import { SERVICE_NAMES, findRecord } from "../local/services-file.ts";
import { findService, logFileOf, startService, stopService } from "../local/services.ts";
import type { ServiceDefinition } from "../local/services.ts";
import { stateFolder } from "../local/state-folder.ts";
import { type S3Settings, type S3Wishes, chooseS3Settings } from "./artifacts-option.ts";
import type { Context } from "./context.ts";

export interface StartServicesOptions extends S3Wishes {
  readonly enginePort?: number | undefined;
  readonly mlflowPort?: number | undefined;
  /** Where the commands of pipelines run. */
  readonly workdir: string;
  readonly say: (line: string) => void;
  /** Runs as soon as Pachyderm answers, while MLflow may still be starting. */
  readonly whenPachydermAnswers?: () => Promise<void>;
}

const ANSWER_LIMIT_MS = 3000;

/**
 * Starts the engine and the MLflow server side by side, as far as $PACHD_ADDRESS and $MLFLOW_TRACKING_URI don't name others,
 * and tells the engine's jobs where MLflow is. When one fails, waiting for the other ends too, and what this call has started
 * is stopped again.
 */
export async function startServices(context: Context, options: StartServicesOptions): Promise<void> {
  const folder = stateFolder(context.env, context.cwd);
  const s3 = await chooseS3Settings(context, options, options.say);
  const stopped = SERVICE_NAMES.filter((name) => findService(folder, name)?.pid === undefined);
  const failed = new AbortController();
  const signal = AbortSignal.any([context.signal, failed.signal]);
  const outcomes = await Promise.allSettled(
    [preparePachyderm(context, options, s3, signal), prepareMlflow(context, options, s3, signal)].map(async (task) => {
      try {
        await task;
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    }),
  );
  if (outcomes.some(({ status }) => status === "rejected")) {
    await Promise.all(stopped.map((name) => stopService(folder, name)));
    throw failed.signal.reason;
  }
  if (!context.env["PACHD_ADDRESS"]) await putMlflowSecret(context);
}

/** Makes the secret by which the stages learn MLflow's address. */
export async function putMlflowSecret(context: Context): Promise<void> {
  using pachyderm = await context.pachyderm();
  const { uri } = await context.mlflow();
  await pachyderm.createSecret("mlflow", { tracking_uri: uri });
}

/** Whether a Pachyderm, ours or another, is there. */
export async function pachydermAnswers(address: string): Promise<boolean> {
  const { PachydermClient } = await import("../pachyderm/client.ts");
  using client = new PachydermClient({ address, deadlineMs: ANSWER_LIMIT_MS });
  try {
    await client.version();
    return true;
  } catch (error) {
    if (error instanceof StemmaError && error.code === "UNREACHABLE") return false;
    throw error;
  }
}

async function preparePachyderm(
  context: Context,
  options: StartServicesOptions,
  { s3Port, artifactsInPachyderm }: S3Settings,
  signal: AbortSignal,
): Promise<void> {
  const given = context.env["PACHD_ADDRESS"];
  if (given) {
    options.say(`engine: not started, as PACHD_ADDRESS is ${given}`);
  } else {
    const { env, cwd } = context;
    const folder = stateFolder(env, cwd);
    const engine = engineService({ folder, env, workdir: options.workdir, s3Port, answers: pachydermAnswers });
    await startAndSay(context, engine, { port: options.enginePort, signal, say: options.say });
    if (artifactsInPachyderm && s3Port !== undefined) await ensureArtifactsRepo(s3Port, signal);
  }
  await options.whenPachydermAnswers?.();
}

async function prepareMlflow(
  context: Context,
  options: StartServicesOptions,
  { s3Port, artifactsInPachyderm }: S3Settings,
  signal: AbortSignal,
): Promise<void> {
  const given = context.env["MLFLOW_TRACKING_URI"];
  if (given) {
    options.say(`MLflow: not started, as MLFLOW_TRACKING_URI is ${given}`);
    return;
  }
  const { env, cwd } = context;
  const folder = stateFolder(env, cwd);
  const mlflow = mlflowService(folder, env, artifactsInPachyderm ? s3Port : undefined);
  const before = findRecord(folder, "mlflow");
  if (before !== undefined && (before.s3Port === undefined) === artifactsInPachyderm)
    options.say(
      `MLflow: shows only artifacts that are in ${artifactsInPachyderm ? ARTIFACTS_URL : artifactFolder(folder)} from now on`,
    );
  await startAndSay(context, mlflow, { port: options.mlflowPort, signal, say: options.say });
}

async function startAndSay(
  context: Context,
  service: ServiceDefinition,
  { port, signal, say }: { port: number | undefined; signal: AbortSignal; say: (line: string) => void },
): Promise<void> {
  const folder = stateFolder(context.env, context.cwd);
  const label = service.name === "mlflow" ? "MLflow" : service.name;
  const onWaiting = (seconds: number) => say(`${label}: starting, ${seconds} s so far (the first time takes longest)`);
  const { address, pid, isNew } = await startService(folder, service, { port, signal, onWaiting });
  const how = isNew ? "started" : "already running";
  say(`${label}: ${how} at ${address} (process ${pid}, log ${logFileOf(folder, service.name)})`);
}
