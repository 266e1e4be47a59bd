import { randomUUID } from "node:crypto";
import { userInfo } from "node:os";
import { Command, InvalidArgumentError } from "@commander-js/extra-typings";
import type { Context } from "./context.ts";
import { ExitCode } from "./exit.ts";

const HELP = `
The command finds the run in its environment: MLFLOW_RUN_ID and MLFLOW_TRACKING_URI are set, so that what it logs with an
MLflow client of its own goes there. One without such a client writes files instead:
  $STEMMA_REPORT/params.json or params.csv    {"maxDepth": 5}; key,value
  $STEMMA_REPORT/metrics.jsonl or .csv        {"key":"loss","value":0.5,"step":1,"time":…} a line; key,value,step,time
  $STEMMA_REPORT/tags.json                    {"team": "fraud"}
  $STEMMA_ARTIFACTS/…                         files that become the run's artifacts
Metrics appear in MLflow while the command runs. Without a step, a value comes one step after the last of its key.

In a Pachyderm job the run names the job, its inputs and its output commit, another attempt at a datum continues its run (two
tracked commands in one datum need a --name each), and the run card /pfs/out/RUN_ID says in the output what the run says.

Ends with the command's exit code (128 + signal, 127 not found, 126 not executable); with 1 if only the record failed; with 4
before the command starts if MLflow cannot be reached.

Examples:
  stemma track -- spark-submit train.py --data /pfs/etl --out /pfs/out
  stemma track --experiment fraud --tag stage=trial --card . -- python train.py`;

/** `stemma track`: a command with an MLflow run around it. */
export function trackCommand(context: Context) {
  return new Command("track")
    .description("Run a command and record it as an MLflow run, with what went into it")
    .argument("[command...]", "the command and its arguments, after --")
    .option("--experiment <name>", "MLflow experiment (default: $MLFLOW_EXPERIMENT_NAME or Default)")
    .option("--name <name>", "name of the run (default: PIPELINE@JOB, or the command's name)")
    .option("--tag <key=value>", "set a tag on the run; may be repeated", collectTag, {})
    .option("--context <word>", "what the inputs are used for, as MLflow shows it", "training")
    .option("--card <folder>", "where the run card goes (default: /pfs/out in a job, else nowhere)")
    .option("--mlflow <uri>", "MLflow's address (default: $MLFLOW_TRACKING_URI, or what stemma up started)")
    .addHelpText("after", HELP)
    .action(async (command, options) => {
      const { StemmaError } = await import("../lineage/errors.ts");
      if (command.length === 0)
        throw new StemmaError("USAGE", "there is no command to track.", {
          hint: "Put it after --: stemma track -- python train.py",
        });
      const [{ track }, { runChild }, { withoutCredentials }] = await Promise.all([
        import("../tracker/track.ts"),
        import("../tracker/capture/child.ts"),
        import("../mlflow/address.ts"),
      ]);
      const { env, cwd, signal } = context;
      const runs = await context.mlflow(options.mlflow);
      const given = [options.mlflow, env["MLFLOW_TRACKING_URI"]].find(
        (uri) => uri !== undefined && withoutCredentials(uri) === runs.uri,
      );
      const exitCode = await track(
        {
          runs,
          connectJobSource: (address) => context.pachyderm(address),
          runChild,
          say: (line) => context.err(`stemma: ${line}\n`),
          now: () => new Date(),
          newKey: randomUUID,
        },
        {
          command,
          experiment: options.experiment ?? (env["MLFLOW_EXPERIMENT_NAME"] || "Default"),
          name: options.name,
          tags: options.tag,
          context: options.context,
          cardFolder: options.card,
          trackingUri: given ?? runs.uri,
          user: userName(env),
          cwd,
          env,
          signal,
        },
      );
      if (exitCode !== 0) throw new ExitCode(exitCode);
    });
}

function collectTag(text: string, tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const [, key = "", value = ""] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (key === "") throw new InvalidArgumentError("A tag looks like key=value.");
  if (/^(stemma|pachyderm)\./.test(key))
    throw new InvalidArgumentError("Tags that begin with stemma. or pachyderm. are set by stemma alone.");
  return { ...tags, [key]: value };
}

/** In a container the user may have a number only. */
function userName(env: Context["env"]): string {
  const named = env["USER"] || env["LOGNAME"];
  if (named) return named;
  try {
    return userInfo().username;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_SYSTEM_ERROR") return "unknown";
    throw error;
  }
}
