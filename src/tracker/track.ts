import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";
import { startChild } from "./capture/child.ts";
import { watchSpark } from "./capture/spark/watch-spark.ts";
import type { RecordOptions } from "./options.ts";
import type { Environment, TrackPorts } from "./ports.ts";
import { type Work, record } from "./record.ts";
import type { Session } from "./session.ts";

/** Where `import stemma` finds stemma.py. */
const PYTHON = fileURLToPath(new URL("../../python", import.meta.url));

/**
 * Runs a command with an MLflow run around it, and resolves to its exit code. When its record cannot be kept it is 1 though
 * the command was fine, or 6 when tracking is required and something did not arrive. Rejects before the command starts
 * when no run may be had.
 */
export async function track(ports: TrackPorts, options: RecordOptions): Promise<number> {
  const start = async (session: Session): Promise<Work> =>
    startChild(options.command, {
      cwd: options.cwd,
      env: await childEnvironment(ports, options, session),
      onOutput: options.isLogKept ? (stream, bytes) => session.log.write(stream, bytes) : undefined,
    });
  process.on("SIGPIPE", goOn);
  try {
    return (await record(ports, options, start)).exitCode;
  } finally {
    process.off("SIGPIPE", goOn);
  }
}

/** That nobody reads what is printed is no reason to end before the run is ended. */
function goOn(): void {
  // Listening is all that it takes.
}

async function childEnvironment({ say }: TrackPorts, options: RecordOptions, session: Session): Promise<Environment> {
  const { run, folders, experimentName, redactor } = session;
  const { command, cwd, trackingUri } = options;
  const env: Environment = {
    ...options.env,
    PYTHONPATH: [PYTHON, options.env["PYTHONPATH"]].filter(Boolean).join(delimiter),
    MLFLOW_TRACKING_URI: trackingUri,
    MLFLOW_EXPERIMENT_NAME: experimentName,
    STEMMA_REPORT: folders.report,
    STEMMA_ARTIFACTS: folders.artifacts,
    ...(run === undefined ? {} : runEnvironment(run)),
  };
  if (!options.isSpark) return env;
  const watch = await watchSpark({ command, env, cwd }, folders.spark);
  if (watch.env === undefined) say(`of Spark nothing is recorded: ${redactor.text(watch.reason)}`);
  return { ...env, ...watch.env };
}

/** A client in the command resumes this run; whatever further runs it makes become parts of it. */
function runEnvironment({ id, experimentId }: NonNullable<Session["run"]>): Environment {
  return {
    MLFLOW_RUN_ID: id,
    MLFLOW_EXPERIMENT_ID: experimentId,
    MLFLOW_RUN_CONTEXT: JSON.stringify({ "mlflow.parentRunId": id }),
    STEMMA_RUN_ID: id,
  };
}
