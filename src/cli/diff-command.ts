import { Command } from "@commander-js/extra-typings";
import { formatUrn } from "../lineage/urn.ts";
import { wholeNumber } from "../stages/whole-number.ts";
import type { Context } from "./context.ts";
import { ExitCode } from "./exit.ts";
import type { LineageOptions } from "./lineage-options.ts";
import { withLineageOptions } from "./lineage-options.ts";
import type { OutputFormat } from "./print.ts";
import { outputOption } from "./print.ts";

const EXAMPLES = `
Examples:
  stemma diff models:/fraud/2 models:/fraud/3       what made one model other than the other
  stemma diff 3f1c5e0a 99aa0b1c --data              two runs, with the rows of CSV files that differ
  stemma diff raw_data@master^ raw_data@master      the files of two commits
  stemma diff etl@master^ etl@master -o json | jq .data

What differs is shown in the order of its weight: data, code, params, environment, the pipeline's spec, then metrics.
The exit code is 0 when nothing differs, and 1 when something does.`;

interface Options extends LineageOptions {
  readonly output: OutputFormat;
  readonly data?: boolean | undefined;
  readonly all?: boolean | undefined;
  readonly limit: number;
}

/** `stemma diff`: what differs between two runs, models or commits. */
export function diffCommand(context: Context) {
  return withLineageOptions(
    new Command("diff")
      .description("Compare two runs, models or commits: data, code, params, environment, spec, metrics")
      .argument("<before>", "a run, a model, a job or a commit")
      .argument("<after>", "what to compare it with")
      .option("--data", "compare the rows of CSV files that differ, too")
      .option("--all", "show what is equal, too")
      .option(
        "--limit <count>",
        "how many files, rows and values to list of each kind; 0 lists all",
        wholeNumber("--limit", 0),
        20,
      )
      .addOption(outputOption(["tree", "table", "json", "jsonl", "yaml"])),
  )
    .addHelpText("after", EXAMPLES)
    .action((before, after, options) => printDiff(context, [before, after], options));
}

async function printDiff(context: Context, references: readonly [string, string], options: Options): Promise<void> {
  const { output, data: rows = false, all = false, limit, ...places } = options;
  const [{ openLineage }, { diffNodes }, { differs }, { concluded }, { print }, { printableDifference }] = await Promise.all([
    import("./lineage-session.ts"),
    import("../collect/diff-nodes.ts"),
    import("../lineage/diff/difference.ts"),
    import("../lineage/answer.ts"),
    import("./print.ts"),
    import("./printable-difference.ts"),
  ]);
  await using session = await openLineage(context, places);
  const [before, after] = [await session.resolve(references[0]), await session.resolve(references[1])];
  const { index, expander } = session;
  const found = await diffNodes({ index, expander, sources: await session.connect() }, before, after, { limit, all, rows });
  const difference = { ...found, ...concluded([...session.gapsAt(formatUrn(after)), ...found.gaps]) };
  await print(context, printableDifference(difference, { limit, all }), output, places);
  if (differs(difference)) throw new ExitCode(1);
}
