import { Command, Option } from "@commander-js/extra-typings";
import type { NodeKind } from "../lineage/urn.ts";
import type { Direction } from "../lineage/answer.ts";
import { parseCount, parseKinds, parseTime } from "./arguments.ts";
import type { Context } from "./context.ts";
import type { LineageOptions } from "./lineage-options.ts";
import { withLineageOptions } from "./lineage-options.ts";
import { openLineage } from "./lineage-session.ts";
import type { OutputFormat } from "./print.ts";
import { anyOutputOption, print } from "./print.ts";
import { printableTrace } from "./printable-trace.ts";

const EXAMPLES = `
Examples:
  stemma trace train@master                        where the newest model comes from, and what came out of it
  stemma trace 3f1c5e0a --up                       what an MLflow run was made from, down to the raw files
  stemma trace models:/fraud@champion --up         the same of a registered model
  stemma trace raw_data@master --down --kind run,model-version
  stemma trace raw_data@master:/day-12.csv --down  what one file is in
  stemma trace train@master --up --until etl@master -o mermaid
  stemma trace train@master --up --as-of 2026-11-01
  stemma trace http://127.0.0.1:5000/#/experiments/1/runs/3f1c5e0a9b7d4c6e8f2a1b3c5d7e9f01
  stemma trace etl@master^2 -o json | jq .complete

A reference is repo@branch, repo@id, repo@branch^2, project/repo@branch:/path, pipeline@job,
pipeline#version, models:/name/3, models:/name@alias, a git commit, an MLflow run id, a link to a
page of MLflow, or a URN. Of an id the first four digits will do when no other begins so.
The last line says "complete", or what is missing and why.`;

export interface TraceOptions extends LineageOptions {
  readonly direction: Direction | "both";
  readonly output: OutputFormat;
  readonly kind?: readonly NodeKind[] | undefined;
  readonly depth?: number | undefined;
  readonly until?: string | undefined;
  readonly asOf?: Date | undefined;
  readonly attempts?: boolean | undefined;
}

/** `stemma trace`: where something comes from, and what came out of it. */
export function traceCommand(context: Context) {
  const command = new Command("trace")
    .description("Follow a commit, file, job, run or model to what it came from and to what came out of it")
    .argument("<reference>", "what to start from, such as train@master or a run id")
    .addOption(new Option("--up", "only what it came from").conflicts(["down", "both"]))
    .addOption(new Option("--down", "only what came out of it").conflicts(["up", "both"]))
    .addOption(new Option("--both", "both (default)"))
    .option("--kind <kind>", "show only things of this kind, such as run or commit; several with commas", parseKinds)
    .option("--depth <steps>", "go so many steps at most", parseCount)
    .option("--until <reference or kind>", "go no further than to this")
    .option("--as-of <time>", "as it was then, as far as it was seen: 2026-11-21 or 2026-11-21T09:30:00Z", parseTime)
    .option("--attempts", "also tries that others replaced")
    .addOption(anyOutputOption())
    .addHelpText("after", EXAMPLES);
  return withLineageOptions(command).action(async (reference, { up, down, ...options }) => {
    const direction = up === true ? "up" : down === true ? "down" : "both";
    await printTrace(context, reference, { ...options, direction });
  });
}

/** Traces a reference and prints the answer on `out`. Rejects with USAGE, NOT_FOUND or UNREACHABLE. */
export async function printTrace(context: Context, reference: string, options: TraceOptions): Promise<void> {
  await using session = await openLineage(context, options);
  const { asOf, kind: kinds, depth: maxDepth, direction, attempts } = options;
  const root = await session.resolve(reference, asOf);
  const until =
    options.until === undefined ? undefined : await (await import("./until.ts")).untilOf(session, options.until, asOf);
  const trace = await session.walk(root, { direction, kinds, maxDepth, until, asOf, attempts });
  await print(context, printableTrace(trace), options.output, options);
}
