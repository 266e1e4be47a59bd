import { Argument, Command } from "@commander-js/extra-typings";
import type { Context } from "./context.ts";
import { dataRepo, formatName, parseName } from "./names.ts";

const EXAMPLES = `
A pipeline goes with its jobs, its output and its history. A repo that others read from goes only with --force.

Examples:
  stemma delete pipeline train
  stemma delete repo raw_data --force`;

/** `stemma delete`: a pipeline or a repo. */
export function deleteCommand(context: Context) {
  return new Command("delete")
    .description("Delete a pipeline or a repo with all that is in it")
    .addArgument(new Argument("<kind>", "what it is").choices(["pipeline", "repo"] as const))
    .argument("<name>", "NAME or PROJECT/NAME", parseName)
    .option("--force", "also when others read from it")
    .option("--pachd <address>", "Pachyderm's address, instead of $PACHD_ADDRESS or what `stemma up` started")
    .addHelpText("after", EXAMPLES)
    .action(async (kind, name, { force = false, pachd }) => {
      using client = await context.pachyderm(pachd);
      await (kind === "pipeline" ? client.deletePipeline(name, { force }) : client.deleteRepo(dataRepo(name), { force }));
      context.out(`deleted ${kind} ${formatName(name)}\n`);
    });
}
