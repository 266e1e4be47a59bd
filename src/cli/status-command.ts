import { Command, Option } from "@commander-js/extra-typings";
import { StemmaError } from "../lineage/errors.ts";
import { ARTIFACTS_URL } from "../local/artifacts-repo.ts";
import { findService } from "../local/services.ts";
import { type ServiceName, s3AddressOf } from "../local/services-file.ts";
import { stateFolder } from "../local/state-folder.ts";
import type { Context } from "./context.ts";
import { ExitCode } from "./exit.ts";
import { pachydermAnswers } from "./start-services.ts";

/** `running` answers; `silent` is there but does not answer; `stopped` is not there. */
type State = "running" | "silent" | "stopped";

interface ServiceStatus {
  readonly state: State;
  readonly address: string | undefined;
  /** Where the engine's S3 gateway is. */
  readonly s3?: string | undefined;
  /** Where MLflow keeps its artifacts, if that is not a folder. */
  readonly artifacts?: string | undefined;
  /** Absent for one that is not ours. */
  readonly pid?: number | undefined;
  readonly logFile?: string | undefined;
}

/** `stemma status`: what runs, and where. */
export function statusCommand(context: Context) {
  return new Command("status")
    .description("Show what runs, where, and whether it answers")
    .addOption(new Option("-o, --output <format>", "how to print it").choices(["text", "json"] as const).default("text" as const))
    .addHelpText(
      "after",
      "\nExits with 0 when both services answer, else with 1.\n\nExamples:\n  stemma status\n  stemma status -o json",
    )
    .action(async ({ output }) => {
      const [engine, mlflow] = await Promise.all([
        statusOf(context, "engine", context.env["PACHD_ADDRESS"], pachydermAnswers),
        statusOf(context, "mlflow", context.env["MLFLOW_TRACKING_URI"], (uri) => mlflowAnswers(context, uri)),
      ]);
      context.out(
        output === "json"
          ? `${JSON.stringify({ engine, mlflow }, undefined, 2)}\n`
          : `${draw("engine", engine)}${draw("MLflow", mlflow)}`,
      );
      if (engine.state !== "running" || mlflow.state !== "running") throw new ExitCode(1);
    });
}

async function statusOf(
  context: Context,
  name: ServiceName,
  given: string | undefined,
  answers: (address: string) => Promise<boolean>,
): Promise<ServiceStatus> {
  if (given) return { state: (await answers(given)) ? "running" : "silent", address: given };
  const found = findService(stateFolder(context.env, context.cwd), name);
  if (found?.pid === undefined) return { state: "stopped", address: found?.address };
  const { address, pid, logFile, s3Port } = found;
  const more = s3Port === undefined ? {} : name === "engine" ? { s3: s3AddressOf(s3Port) } : { artifacts: ARTIFACTS_URL };
  return { state: (await answers(address)) ? "running" : "silent", address, ...more, pid, logFile };
}

async function mlflowAnswers(context: Context, uri: string): Promise<boolean> {
  try {
    const client = await context.mlflow(uri);
    await client.checkHealth();
    return true;
  } catch (error) {
    if (error instanceof StemmaError && error.code === "UNREACHABLE") return false;
    throw error;
  }
}

function draw(label: string, { state, address, s3, artifacts, pid, logFile }: ServiceStatus): string {
  const cells = [
    label,
    state.padEnd(7),
    address,
    s3 && `S3 ${s3}`,
    artifacts && `artifacts ${artifacts}`,
    pid === undefined ? undefined : `process ${pid}`,
    logFile && `log ${logFile}`,
  ];
  return `${cells.filter(Boolean).join("  ").trimEnd()}\n`;
}
