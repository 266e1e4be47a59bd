import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { parseDataReference } from "../lineage/reference.ts";
import type { PachydermClient } from "../pachyderm/client.ts";
import type { LogOptions } from "../pachyderm/client-pipelines.ts";
import type { LogLine } from "../pachyderm/types.ts";
import { untilAborted } from "./abortable.ts";
import type { Context } from "./context.ts";
import { parseName, toCommitQuery } from "./names.ts";

const EXAMPLES = `
Examples:
  stemma logs train                   all that its jobs have printed
  stemma logs train@master -f         its newest job, as it goes
  stemma logs train --tail 20 --all   with what Pachyderm itself says of the jobs`;

/** `stemma logs`: what a pipeline's programs have printed. */
export function logsCommand(context: Context) {
  return new Command("logs")
    .description("Show what the jobs of a pipeline have printed")
    .argument("<pipeline>", "PIPELINE, or PIPELINE@JOB for one job: its id, or a branch for the newest")
    .option("-f, --follow", "go on as more is printed, until Ctrl-C")
    .option("--tail <lines>", "only so many lines from the end", parseLines)
    .option("--all", "also what Pachyderm says, not only the pipeline's own program")
    .addOption(
      new Option("-o, --output <format>", "how to print it: json is one object a line")
        .choices(["text", "json"] as const)
        .default("text" as const),
    )
    .option("--pachd <address>", "Pachyderm's address, instead of $PACHD_ADDRESS or what `stemma up` started")
    .addHelpText("after", EXAMPLES)
    .action(async (pipeline, { follow = false, tail = 0, all = false, output, pachd }) => {
      using client = await context.pachyderm(pachd);
      const source = await findSource(client, pipeline);
      const print = (line: LogLine): void =>
        context.out(`${output === "json" ? JSON.stringify(line) : line.message.trimEnd()}\n`);
      // A server counts its own lines too, so that where they are not shown the last ones are picked out here.
      const isPicked = tail > 0 && !all && !follow;
      const picked: LogLine[] = [];
      for await (const line of untilAborted(client.logs({ ...source, follow, tail: isPicked ? 0 : tail }), context.signal)) {
        if (!line.user && !all) continue;
        if (!isPicked) print(line);
        else if (picked.push(line) > tail) picked.shift();
      }
      picked.forEach(print);
    });
}

function parseLines(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

/** Rejects with NOT_FOUND where there is no such pipeline or job: of those a server's log is just empty. */
async function findSource(client: PachydermClient, text: string): Promise<LogOptions> {
  if (!text.includes("@")) {
    const pipeline = parseName(text);
    await client.inspectPipeline(pipeline);
    return { pipeline };
  }
  const reference = parseDataReference(text);
  const { commit } = await client.inspectCommit(toCommitQuery(reference));
  const job = { pipeline: { project: reference.project, name: reference.repo }, id: commit.id };
  await client.inspectJob(job);
  return { job };
}
