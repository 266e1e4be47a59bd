import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { Argument, Command } from "@commander-js/extra-typings";
import { StemmaError } from "../lineage/errors.ts";
import type { Context } from "./context.ts";
import { indexFile } from "./index-file.ts";
import type { LineageOptions } from "./lineage-options.ts";

const EXAMPLES = `
Events may come in any order and more than once, now or later: the index is the same in the end. Either all
events of a call are added or none. A run that MLflow knows stays as MLflow tells of it.

Examples:
  stemma import openlineage spark-events.json dbt-events.jsonl
  curl -s http://marquez:5000/api/v1/events/lineage | jq -c '.events[]' | stemma import openlineage -
  stemma export train@master --as openlineage | stemma import openlineage --index other.db -`;

/** `stemma import`: adds to the index what others know of runs and data. */
export function importCommand(context: Context) {
  return new Command("import")
    .description("Add lineage from elsewhere to the index: runs, their data sets, column lineage")
    .addArgument(new Argument("<format>", "the form of the files").choices(["openlineage"] as const))
    .argument("<files...>", "files with events: JSON, a JSON array, or JSON lines; - for the standard input")
    .option("--index <file>", "the index, instead of $STEMMA_INDEX or the one in the state folder")
    .option("--pachd <address>", "the Pachyderm whose index it is")
    .option("--mlflow <uri>", "the MLflow whose index it is")
    .addHelpText("after", EXAMPLES)
    .action(async (_format, files, options) => importFiles(context, files, options));
}

async function importFiles(context: Context, files: readonly string[], options: LineageOptions): Promise<void> {
  const [{ importEvents, readEvents }, { LineageIndex }] = await Promise.all([
    import("../lineage/import/import-openlineage.ts"),
    import("../lineage/store/lineage-index.ts"),
  ]);
  const events = [];
  for (const file of files) events.push(...readEvents(file === "-" ? "stdin" : file, await read(context, file)));
  using index = new LineageIndex(await indexFile(context, options));
  const { runs, datasets, known } = importEvents(index, events);
  context.out(`${count(events.length, "event")}: ${count(runs, "run")}, ${count(datasets, "data set")}\n`);
  if (known > 0) context.err(`stemma: ${count(known, "run")} that MLflow or Pachyderm know: left as they tell.\n`);
}

async function read({ cwd, stdin }: Context, file: string): Promise<string> {
  if (file === "-") return text(stdin);
  try {
    return await readFile(resolve(cwd, file), "utf8");
  } catch (cause) {
    throw new StemmaError("NOT_FOUND", `cannot read ${file}.`, { hint: "Nothing was imported.", cause });
  }
}

function count(number: number, name: string): string {
  return `${number} ${name}${number === 1 ? "" : "s"}`;
}
