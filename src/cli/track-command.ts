import { randomUUID } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { Command } from "@commander-js/extra-typings";
import type { Context } from "./context.ts";
import { ExitCode } from "./exit.ts";
import { OUTBOX_LIMIT_BYTES } from "../tracker/options.ts";
import { parseSize } from "./size.ts";
import { collectTag, collectText, plainName, runIdOption } from "./track-options.ts";

const HELP = `
The command finds the run in its environment: MLFLOW_RUN_ID and MLFLOW_TRACKING_URI are set, so that what it logs with an
MLflow client of its own goes there. One without such a client writes files instead:
  $STEMMA_REPORT/params.json or params.csv    {"maxDepth": 5}; key,value
  $STEMMA_REPORT/metrics.jsonl or .csv        {"key":"loss","value":0.5,"step":1,"time":…} a line; key,value,step,time
  $STEMMA_REPORT/tags.json or tags.csv        {"team": "fraud"}; key,value
  $STEMMA_ARTIFACTS/…                         files that become the run's artifacts; a folder with an MLmodel file, a model
All are picked up while the command runs. Without a step, a value comes one step after the last of its key. Python programs can
"import stemma" for that, with nothing installed.

In a Pachyderm job the run names the job, its inputs and its output commit, another attempt at a datum continues its run (two
tracked commands in one datum need a --name each), and the run card /pfs/out/RUN_ID says in the output what the run says.

When MLflow is away the command runs all the same; what could not be told is kept in an outbox (/pfs/out/.stemma/outbox, or
--outbox), and "stemma replay" delivers it. Values that look like secrets are left out. docs/tracking.md says what is captured.

Ends with the command's exit code (128 + signal, 127 not found, 126 not executable); with 1 if the run card cannot be written.
With --require-tracking: with 4 before the command starts if MLflow cannot be reached, with 6 if something did not arrive.

Examples:
  stemma track -- spark-submit train.py --data /pfs/etl --out /pfs/out
  stemma track --experiment fraud --tag stage=trial --card . -- python train.py
  stemma track --spark -- spark-submit etl.py      with stages, rows and tables out of Spark's event log`;

/** `stemma track`: a command with an MLflow run around it. */
export function trackCommand(context: Context) {
  return new Command("track")
    .description("Run a command and record it as an MLflow run, with what went into it")
    .argument("[command...]", "the command and its arguments, after --")
    .option("--experiment <name>", "MLflow experiment (default: $MLFLOW_EXPERIMENT_NAME or Default)", plainName)
    .option("--name <name>", "name of the run (default: PIPELINE@JOB, or the command's name)", plainName)
    .option("--run-id <id>", "continue this run (default: $MLFLOW_RUN_ID)", runIdOption)
    .option("--tag <key=value>", "set a tag on the run; may be repeated", collectTag, {})
    .option("--context <word>", "what the inputs are used for, as MLflow shows it", "training")
    .option("--spark", "record what Spark did, from its event log")
    .option("--card <folder>", "where the run card goes (default: /pfs/out in a job, else nowhere)")
    .option("--outbox <folder>", "where what MLflow was not told is kept outside of a job (default: .stemma/outbox)")
    .option("--outbox-limit <size>", "how large that may grow", parseSize, OUTBOX_LIMIT_BYTES)
    .option("--require-tracking", "fail when MLflow cannot be reached, before the command starts")
    .option(
      "--redact <name>",
      "also hide values of variables, params and options named so (* for anything); may be repeated",
      collectText,
      [],
    )
    .option("--no-log", "do not keep what the command prints: it has stdout and stderr for itself")
    .option("--mlflow <uri>", "MLflow's address (default: $MLFLOW_TRACKING_URI, or what stemma up started)")
    .addHelpText("after", HELP)
    .action(async (command, options) => {
      const { StemmaError } = await import("../lineage/errors.ts");
      if (command.length === 0)
        throw new StemmaError("USAGE", "there is no command to track.", {
          hint: "Put it after --: stemma track -- python train.py",
        });
      const [{ track }, { userName }] = await Promise.all([import("../tracker/track.ts"), import("../tracker/user.ts")]);
      const { env, cwd, signal, version } = context;
      // The tracker lives beside the command, often in the same container: a small nursery keeps it small.
      setFlagsFromString("--max-semi-space-size=4");
      const calls = new AbortController();
      const runs = await context.mlflow(options.mlflow, calls.signal);
      const exitCode = await track(
        {
          runs,
          connectJobSource: (address) => context.pachyderm(address),
          say: (line) => context.err(`stemma: ${line}\n`),
          now: () => new Date(),
          newKey: randomUUID,
        },
        {
          command,
          experiment: options.experiment ?? (env["MLFLOW_EXPERIMENT_NAME"] || "Default"),
          isExperimentGiven: options.experiment !== undefined,
          name: options.name,
          ...runIds(env, options.runId),
          tags: options.tag,
          context: options.context,
          cardFolder: options.card,
          outboxFolder: options.outbox ?? ".stemma/outbox",
          outboxLimitBytes: options.outboxLimit,
          isTrackingRequired: options.requireTracking ?? false,
          redact: options.redact,
          isSpark: options.spark ?? false,
          isLogKept: options.log,
          trackingUri: await trackingUri(runs.uri, [options.mlflow, env["MLFLOW_TRACKING_URI"]]),
          user: userName(env),
          cwd,
          env,
          signal,
          version,
        },
      );
      // A call that was given up shall not keep the process.
      calls.abort();
      if (exitCode !== 0) throw new ExitCode(exitCode);
    });
}

/** Within a tracked command there is a run already, which another one becomes a part of. Elsewhere $MLFLOW_RUN_ID asks to be continued, as it does of MLflow's own client. */
function runIds(env: Context["env"], given: string | undefined): { runId: string | undefined; parentRunId: string | undefined } {
  const outer = env["STEMMA_RUN_ID"] || undefined;
  const inherited = outer === undefined ? env["MLFLOW_RUN_ID"] || undefined : undefined;
  return { runId: given ?? inherited, parentRunId: given === undefined ? outer : undefined };
}

/** The address as it was given, which may hold credentials. */
async function trackingUri(shown: string, given: readonly (string | undefined)[]): Promise<string> {
  const { withoutCredentials } = await import("../mlflow/address.ts");
  return given.find((uri) => uri !== undefined && withoutCredentials(uri) === shown) ?? shown;
}
