import { Command } from "@commander-js/extra-typings";
import type { Context } from "./context.ts";
import { Progress } from "./progress.ts";
import { startServices } from "./start-services.ts";
import { portNumber } from "./port-number.ts";

/** `stemma up`: the engine and MLflow in the background. */
export function upCommand(context: Context) {
  return new Command("up")
    .description("Start the engine (a local Pachyderm) and an MLflow server in the background")
    .option("--engine-port <port>", "where the engine listens (default: as last time, else 30650)", portNumber("--engine-port"))
    .option("--mlflow-port <port>", "where MLflow listens (default: as last time, else 5000)", portNumber("--mlflow-port"))
    .option(
      "--s3-port <port>",
      "where the engine's S3 gateway listens (default: as last time, else 30600)",
      portNumber("--s3-port"),
    )
    .option("--artifacts-in-pachyderm", "keep MLflow's artifacts in the repo artifacts (default: as last time, else in a folder)")
    .option("--no-artifacts-in-pachyderm", "keep them in a folder again")
    .addHelpText(
      "after",
      `
What runs already is left as it is. State and logs are in $STEMMA_HOME, else in .stemma of this folder.
With PACHD_ADDRESS or MLFLOW_TRACKING_URI set, that one is used instead and not started.

Examples:
  stemma up
  stemma up --mlflow-port 5001
  stemma up --artifacts-in-pachyderm
  MLFLOW_TRACKING_URI=http://tracking.example:5000 stemma up`,
    )
    .action(async (options) => {
      const { line: say } = new Progress(context.err);
      await startServices(context, { ...options, workdir: context.cwd, say });
      context.out("Ready. Stop it with: stemma down\n");
    });
}
