import { Command, Option } from "@commander-js/extra-typings";
import type { MlflowSource, PachydermSource } from "../collect/ports.ts";
import { StemmaError } from "../lineage/errors.ts";
import type { Trace } from "../lineage/walk.ts";
import type { Context } from "./context.ts";

export interface TraceOptions {
  readonly direction: "up" | "down" | "both";
  readonly output: "tree" | "json";
  readonly pachd?: string | undefined;
  readonly mlflow?: string | undefined;
}

const EXAMPLES = `
Examples:
  stemma trace train@master                        where the newest model comes from, and what came out of it
  stemma trace 3f1c5e0a9b7d4c6e8f2a1b3c5d7e9f01 --up    what an MLflow run was made from, down to the raw files
  stemma trace raw_data@master --down              every run and model that this data is in
  stemma trace raw_data@master:/day-12.csv --down  the same for one file
  stemma trace http://127.0.0.1:5000/#/experiments/1/runs/3f1c5e0a9b7d4c6e8f2a1b3c5d7e9f01
  stemma trace etl@master^2 -o json | jq .complete

A reference is repo@branch, repo@id, repo@branch^2, project/repo@branch:/path, pipeline@job,
pipeline#version, an MLflow run id, a link to a page of MLflow, or a URN.
The last line says "complete", or what is missing and why.`;

/** `stemma trace`: where something comes from, and what came out of it. */
export function traceCommand(context: Context) {
  return new Command("trace")
    .description("Follow a commit, file, job or run to what it came from and to what came out of it")
    .argument("<reference>", "what to start from, such as train@master or a run id")
    .addOption(new Option("--up", "only what it came from").conflicts(["down", "both"]))
    .addOption(new Option("--down", "only what came out of it").conflicts(["up", "both"]))
    .addOption(new Option("--both", "both (default)"))
    .addOption(new Option("-o, --output <format>", "how to print it").choices(["tree", "json"] as const).default("tree" as const))
    .option("--pachd <address>", "Pachyderm's address, instead of $PACHD_ADDRESS or what `stemma up` started")
    .option("--mlflow <uri>", "MLflow's address, instead of $MLFLOW_TRACKING_URI or what `stemma up` started")
    .addHelpText("after", EXAMPLES)
    .action(async (reference, { up, down, output, pachd, mlflow }) => {
      const direction = up === true ? "up" : down === true ? "down" : "both";
      await printTrace(context, reference, { direction, output, pachd, mlflow });
    });
}

/** Traces a reference and prints the answer on `out`. Rejects with USAGE, NOT_FOUND or UNREACHABLE. */
export async function printTrace(context: Context, reference: string, options: TraceOptions): Promise<void> {
  const [{ traceReference }, { absentMlflow, absentPachyderm }, { parseReference }] = await Promise.all([
    import("../collect/trace-reference.ts"),
    import("../collect/ports.ts"),
    import("../lineage/reference.ts"),
  ]);
  const parsed = parseReference(reference);
  const client = await orReason(context.pachyderm(options.pachd));
  try {
    const mlflow: MlflowSource = await orReason(context.mlflow(options.mlflow)).then((found) =>
      found instanceof StemmaError ? absentMlflow(found) : found,
    );
    const pachyderm: PachydermSource = client instanceof StemmaError ? absentPachyderm(client) : client;
    const trace = await traceReference({ pachyderm, mlflow }, parsed, options.direction);
    context.out(await render(trace, options.output));
  } finally {
    if (!(client instanceof StemmaError)) client.close();
  }
}

async function render(trace: Trace, output: TraceOptions["output"]): Promise<string> {
  if (output === "json") {
    const { toJson } = await import("../lineage/to-json.ts");
    return `${JSON.stringify(toJson(trace), undefined, 2)}\n`;
  }
  const [{ drawTree }, { rollUp }] = await Promise.all([import("../lineage/draw-tree.ts"), import("../lineage/roll-up.ts")]);
  const kind = trace.nodes.get(trace.root)?.kind;
  return drawTree(kind === "file" || kind === "datum" ? trace : rollUp(trace));
}

/** The client, or why there is none: an answer can do without one of the two, and then says so. */
async function orReason<Client>(client: Promise<Client>): Promise<Client | StemmaError> {
  try {
    return await client;
  } catch (error) {
    if (error instanceof StemmaError) return error;
    throw error;
  }
}
