import { Command } from "@commander-js/extra-typings";
import type { LogOptions } from "../lineage/log.ts";
import type { Context } from "./context.ts";
import type { LineageOptions } from "./lineage-options.ts";
import { withLineageOptions } from "./lineage-options.ts";
import { wholeNumber } from "../stages/whole-number.ts";
import type { OutputFormat } from "./print.ts";
import { anyOutputOption } from "./print.ts";

const EXAMPLES = `
Examples:
  stemma log train@master                 the commits of a branch, newest first, with their runs and models
  stemma log train@master --graph         with the commits that they were made from, as rails
  stemma log 3f1c5e0a9b7d4c6e8f2a1b3c5d7e9f01    the branch that a run's output is on
  stemma log models:/fraud@champion --number 10
  stemma log raw_data@master --all -o jsonl | jq -r '.reference // empty'`;

type Options = LineageOptions & LogOptions & { readonly output: OutputFormat };

/** `stemma log`: the history of a branch. */
export function logCommand(context: Context) {
  return withLineageOptions(
    new Command("log")
      .description("List the commits of a branch, or of a run's or model's branch, with the runs and models on them")
      .argument("<reference>", "a branch such as train@master, a commit to begin at, a run or a model")
      .option("--graph", "draw the commits of other repos that these were made from, too, with rails")
      .option("--all", "the repo's other branches, too")
      .option("-n, --number <count>", "at most so many commits; 0 shows all", wholeNumber("--number", 0), 0)
      .addOption(anyOutputOption()),
  )
    .addHelpText("after", EXAMPLES)
    .action((reference, options) => printLog(context, reference, options));
}

async function printLog(
  context: Context,
  reference: string,
  { output, graph = false, all, number, ...places }: Options,
): Promise<void> {
  const [{ openLineage }, { log }, { print }, { printableHistory }] = await Promise.all([
    import("./lineage-session.ts"),
    import("../lineage/log.ts"),
    import("./print.ts"),
    import("./printable-history.ts"),
  ]);
  await using session = await openLineage(context, places);
  const found = log(session.index, await session.resolve(reference), { graph, all, number });
  const gaps = [...session.gapsAt(found.root), ...found.gaps];
  const history = { ...found, gaps, complete: gaps.every(({ effect }) => effect !== "missing") };
  await print(context, printableHistory(history, graph), output, places);
}
