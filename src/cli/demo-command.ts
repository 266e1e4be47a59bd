import { Command } from "@commander-js/extra-typings";
import { StemmaError } from "../lineage/errors.ts";
import { packageRoot } from "../local/job-environment.ts";
import { findService } from "../local/services.ts";
import { stateFolder } from "../local/state-folder.ts";
import { wholeNumber } from "../stages/whole-number.ts";
import type { Context } from "./context.ts";
import { checkColumns, fileData, generatedData, putData } from "./demo/demo-data.ts";
import { ensurePipelines, ensureRawData } from "./demo/demo-pipelines.ts";
import { PeakMemory } from "./demo/peak-memory.ts";
import { registerDemoModel } from "./demo/register-model.ts";
import { drawReport, makeReport } from "./demo/report.ts";
import { findDemoRun, printSummary } from "./demo/summary.ts";
import { requireSuccess, watchJobs } from "./demo/watch-jobs.ts";
import { stopServices } from "./down-command.ts";
import { portNumber } from "./port-number.ts";
import { Progress } from "./progress.ts";
import { putMlflowSecret, startServices } from "./start-services.ts";

interface DemoOptions {
  readonly rows: number;
  readonly csv?: string | undefined;
  readonly seed: number;
  readonly enginePort?: number | undefined;
  readonly mlflowPort?: number | undefined;
}

/** `stemma demo`: the newcomer's walk, from data to a traced model. */
export function demoCommand(context: Context) {
  return new Command("demo")
    .description("Start everything, train a model on PaySim data, and trace it in both directions")
    .option("--rows <number>", "how many rows to generate", wholeNumber("--rows", 1), 20_000)
    .option("--csv <file>", "take this CSV with PaySim's columns instead")
    .option("--seed <number>", "seed of the first file's rows; the next ones count on", wholeNumber("--seed", 0), 1)
    .option("--engine-port <port>", "where the engine listens, see stemma up", portNumber("--engine-port"))
    .option("--mlflow-port <port>", "where MLflow listens, see stemma up", portNumber("--mlflow-port"))
    .option("--down", "stop the services at the end")
    .addHelpText(
      "after",
      `
Each call adds one commit of data to what is there. Where PACHD_ADDRESS and MLFLOW_TRACKING_URI are set, it works there.

Examples:
  npm run demo
  npm run demo -- --rows 100000 --seed 7
  npm run demo -- --csv PS_20174392719_1491204439457_log.csv --down`,
    )
    .action(async ({ down, ...options }) => {
      if (options.csv !== undefined) await checkColumns(options.csv);
      try {
        await runDemo(context, options);
      } finally {
        if (down === true) await stopServices(context);
      }
    });
}

async function runDemo(context: Context, options: DemoOptions): Promise<void> {
  const { line: say } = new Progress(context.err);
  using memory = new PeakMemory(() => ownProcesses(context));
  // One that is started here is known to answer later; one that is given is asked before anything is made.
  if (context.env["MLFLOW_TRACKING_URI"]) await (await context.mlflow()).checkHealth();
  await startServices(context, {
    enginePort: options.enginePort,
    mlflowPort: options.mlflowPort,
    workdir: packageRoot,
    say,
    whenPachydermAnswers: () => makePipelines(context, say),
  });
  if (context.env["PACHD_ADDRESS"]) await putSecretOnce(context);

  using pachyderm = await context.pachyderm();
  const data = options.csv === undefined ? await generatedData(pachyderm, options.rows, options.seed) : fileData(options.csv);
  const put = await putData(pachyderm, data);
  const { id } = put.commit;
  say(`raw_data@${id}:${data.path}: ${data.description}`);
  const jobs = await watchJobs(pachyderm, id, { signal: context.signal, say });
  await requireSuccess(pachyderm, jobs, say);
  const run = await findDemoRun(pachyderm, id);
  const model = await registerDemoModel(await context.mlflow(), run.id);
  const customers = await countCustomers(context, run.id);
  const report = await makeReport(pachyderm, { put, jobs, customers, peakBytes: peakOf(context, memory) });
  context.out(`\nWhat it took\n${drawReport(report)}`);
  await printSummary(context, { run, model, rawData: { commit: id, path: data.path } });
}

/** As the training has told MLflow. */
async function countCustomers(context: Context, runId: string): Promise<number> {
  const { params } = await (await context.mlflow()).inspectRun(runId);
  return Number(params["trainRows"]) + Number(params["testRows"]);
}

/** This one, and those of the services that run here. */
function ownProcesses({ env, cwd }: Context): number[] {
  const folder = stateFolder(env, cwd);
  const services = (["engine", "mlflow"] as const).map((name) => findService(folder, name)?.pid);
  return [process.pid, ...services.filter((pid) => pid !== undefined)];
}

/** Where a server is somebody else's, what it holds is not known. */
function peakOf({ env }: Context, memory: PeakMemory): number | undefined {
  return env["PACHD_ADDRESS"] || env["MLFLOW_TRACKING_URI"] ? undefined : memory.bytes;
}

async function makePipelines(context: Context, say: (line: string) => void): Promise<void> {
  using pachyderm = await context.pachyderm();
  await ensureRawData(pachyderm);
  say(`pipelines: ${(await ensurePipelines(context, pachyderm)).join(", ")}`);
}

/** On a cluster that is not ours, a secret that is there stays as it is. */
async function putSecretOnce(context: Context): Promise<void> {
  try {
    await putMlflowSecret(context);
  } catch (error) {
    if (!(error instanceof StemmaError) || error.code !== "ALREADY_EXISTS") throw error;
  }
}
