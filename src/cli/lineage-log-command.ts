import { Command } from "@commander-js/extra-typings";
import type { History, LogEntry, LogOptions } from "../lineage/log.ts";
import type { Context } from "./context.ts";
import type { LineageOptions } from "./lineage-options.ts";
import { withLineageOptions } from "./lineage-options.ts";
import { wholeNumber } from "../stages/whole-number.ts";
import type { OutputFormat, Printable } from "./print.ts";
import { outputOption } from "./print.ts";

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
      .addOption(outputOption(["tree", "json", "jsonl", "yaml"])),
  )
    .addHelpText("after", EXAMPLES)
    .action((reference, options) => printLog(context, reference, options));
}

async function printLog(
  context: Context,
  reference: string,
  { output, graph = false, all, number, ...places }: Options,
): Promise<void> {
  const [{ openLineage }, { log }, { print }] = await Promise.all([
    import("./lineage-session.ts"),
    import("../lineage/log.ts"),
    import("./print.ts"),
  ]);
  await using session = await openLineage(context, places);
  const found = log(session.index, await session.resolve(reference), { graph, all, number });
  const gaps = [...session.gapsAt(found.root), ...found.gaps];
  await print(
    context,
    await printable({ ...found, gaps, complete: gaps.every(({ effect }) => effect !== "missing") }, graph),
    output,
    places,
  );
}

async function printable(history: History, rails: boolean): Promise<Printable> {
  const [{ drawHistory }, { nodeToJson }] = await Promise.all([
    import("../lineage/draw/history.ts"),
    import("../lineage/describe.ts"),
  ]);
  const toJson = ({ commit, branches, job, runs, parents }: LogEntry): object => ({
    ...nodeToJson(commit),
    branches,
    ...(job === undefined ? {} : { job: nodeToJson(job) }),
    runs: runs.map(({ run, models }) => ({
      ...nodeToJson(run),
      models: models.map(({ model, labels }) => ({ ...nodeToJson(model), labels })),
    })),
    parents,
  });
  const { root, complete, gaps, left, entries } = history;
  return {
    text: () => drawHistory(history, { rails }),
    value: () => ({ version: 1, kind: "log", root, complete, gaps, left, commits: Array.from(entries, toJson) }),
    *items() {
      yield* Iterator.from(entries).map(toJson);
      yield { end: { version: 1, kind: "log", root, complete, gaps, left } };
    },
  };
}
