import { StemmaError } from "../lineage/errors.ts";
import { USUAL_S3_PORT, requireFreePort } from "../local/ports.ts";
import { HOST, type ServiceRecord, findRecord } from "../local/services-file.ts";
import { findService } from "../local/services.ts";
import { stateFolder } from "../local/state-folder.ts";
import type { Context } from "./context.ts";

const STOP_FIRST = 'stop it first with "stemma down"';

/** What the user says of the S3 gateway and of MLflow's artifacts; what is left out is as last time. */
export interface S3Wishes {
  readonly s3Port?: number | undefined;
  readonly artifactsInPachyderm?: boolean | undefined;
}

export interface S3Settings {
  /** Where the engine's gateway listens; undefined for none. */
  readonly s3Port: number | undefined;
  /** Whether MLflow keeps its artifacts there. */
  readonly artifactsInPachyderm: boolean;
}

/**
 * Decides where the S3 gateway listens and where MLflow's artifacts go. Throws USAGE where the wishes cannot be met, or what
 * runs already was started with others. A taken port is a reason only for who asked for it, or needs the gateway.
 */
export async function chooseS3Settings(context: Context, wishes: S3Wishes, say: (line: string) => void): Promise<S3Settings> {
  const folder = stateFolder(context.env, context.cwd);
  const mlflow = findRecord(folder, "mlflow");
  const artifactsInPachyderm = wishes.artifactsInPachyderm ?? mlflow?.s3Port !== undefined;
  const isOurMlflow = !context.env["MLFLOW_TRACKING_URI"];
  if (wishes.artifactsInPachyderm === true && !isOurMlflow)
    throw usage("--artifacts-in-pachyderm is for the MLflow server that is started here, but MLFLOW_TRACKING_URI names another.");
  const needsGateway = artifactsInPachyderm && isOurMlflow;
  const s3Port = context.env["PACHD_ADDRESS"] ? undefined : await chooseS3Port(context, wishes.s3Port, needsGateway, say);
  if (needsGateway && s3Port === undefined) throw withoutGateway(context);
  const isRunning = findService(folder, "mlflow")?.pid !== undefined;
  if (isRunning && isOurMlflow && mlflow !== undefined) requireSameArtifacts(mlflow, artifactsInPachyderm ? s3Port : undefined);
  return { s3Port, artifactsInPachyderm: needsGateway };
}

async function chooseS3Port(
  context: Context,
  wanted: number | undefined,
  needsGateway: boolean,
  say: (line: string) => void,
): Promise<number | undefined> {
  const folder = stateFolder(context.env, context.cwd);
  const record = findRecord(folder, "engine");
  if (findService(folder, "engine")?.pid !== undefined) {
    if (wanted === undefined || wanted === record?.s3Port) return record?.s3Port;
    const has = record?.s3Port === undefined ? "without an S3 gateway" : `with its S3 gateway on port ${record.s3Port}`;
    throw usage(`the engine already runs ${has}; ${STOP_FIRST}`);
  }
  const port = wanted ?? record?.s3Port ?? USUAL_S3_PORT;
  try {
    await requireFreePort(HOST, port, "give another with stemma up --s3-port");
    return port;
  } catch (error) {
    if (wanted !== undefined || needsGateway || !(error instanceof StemmaError)) throw error;
    say(`engine: without an S3 gateway, as ${error.message}`);
    return undefined;
  }
}

function withoutGateway(context: Context): StemmaError {
  if (!context.env["PACHD_ADDRESS"]) return usage(`the engine already runs without an S3 gateway; ${STOP_FIRST}`);
  return usage("MLflow's artifacts are to go into the engine that is started here, but PACHD_ADDRESS names another Pachyderm;", {
    hint: "unset it, or give --no-artifacts-in-pachyderm.",
  });
}

function requireSameArtifacts(running: ServiceRecord, s3Port: number | undefined): void {
  if (running.s3Port === s3Port) return;
  const place = running.s3Port === undefined ? "in a folder" : `behind the S3 gateway on port ${running.s3Port}`;
  throw usage(`the MLflow server already runs with its artifacts ${place}; ${STOP_FIRST}`);
}

function usage(message: string, more: { hint?: string } = {}): StemmaError {
  return new StemmaError("USAGE", message, more);
}
