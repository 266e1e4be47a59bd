import { Command, Option } from "@commander-js/extra-typings";
import { parseDataReference } from "../lineage/reference.ts";
import type { PachydermClient } from "../pachyderm/client.ts";
import type { JobInfo, PipelineName } from "../pachyderm/types.ts";
import { untilAborted } from "./abortable.ts";
import type { Context } from "./context.ts";
import { formatName, parseName, toCommitQuery } from "./names.ts";
import { ExitCode } from "./exit.ts";
import { drawTable, firstLine, formatTime } from "./table.ts";

const EXAMPLES = `
With --wait, the jobs that a commit has led to, each when it has ended; the exit code is 1 if one did not succeed.

Examples:
  stemma jobs
  stemma jobs train -o json
  stemma jobs --wait raw_data@master`;

/** `stemma jobs`: what has run, or the jobs of a commit, waited for. */
export function jobsCommand(context: Context) {
  return new Command("jobs")
    .description("List jobs, newest first, or wait for those of a commit")
    .argument("[pipeline]", "only of this pipeline: NAME or PROJECT/NAME", parseName)
    .option("--wait <commit>", "wait for the jobs of a commit, such as raw_data@master or its id")
    .addOption(
      new Option("-o, --output <format>", "how to print it").choices(["table", "json"] as const).default("table" as const),
    )
    .option("--pachd <address>", "Pachyderm's address, instead of $PACHD_ADDRESS or what `stemma up` started")
    .addHelpText("after", EXAMPLES)
    .action(async (pipeline, { wait, output, pachd }) => {
      using client = await context.pachyderm(pachd);
      const found =
        wait === undefined ? client.listJobs({ pipeline }) : client.inspectJobSet(await commitId(client, wait), { wait: true });
      const jobs: JobInfo[] = [];
      for await (const info of untilAborted(found, context.signal)) if (isOf(pipeline, info)) jobs.push(info);
      context.signal.throwIfAborted();
      context.out(output === "json" ? `${JSON.stringify({ jobs }, undefined, 2)}\n` : drawJobs(jobs));
      if (wait !== undefined && jobs.some((info) => info.state !== "JOB_SUCCESS")) throw new ExitCode(1);
    });
}

/** The id of a commit set: every commit and job that one commit has led to has the same. */
async function commitId(client: PachydermClient, text: string): Promise<string> {
  if (/^[\da-f]{32}$/.test(text)) return text;
  return (await client.inspectCommit(toCommitQuery(parseDataReference(text)))).commit.id;
}

function isOf(pipeline: PipelineName | undefined, { job }: JobInfo): boolean {
  return pipeline === undefined || formatName(pipeline) === formatName(job.pipeline);
}

function drawJobs(jobs: readonly JobInfo[]): string {
  const rows = jobs.map((info) => [
    `${formatName(info.job.pipeline)}@${info.job.id}`,
    info.state.replace("JOB_", "").toLowerCase(),
    formatTime(info.created),
    formatSeconds(info),
    formatDatums(info.datums),
    firstLine(info.reason),
  ]);
  return drawTable(["JOB", "STATE", "CREATED", "TOOK", "DATUMS", "REASON"], rows);
}

function formatSeconds({ started, finished }: JobInfo): string {
  return started === undefined || finished === undefined
    ? "-"
    : `${((finished.getTime() - started.getTime()) / 1000).toFixed(1)} s`;
}

/** Such as "1 of 4, 3 skipped". */
function formatDatums({ total, processed, ...others }: JobInfo["datums"]): string {
  const rest = Object.entries(others).filter(([, count]) => count > 0);
  return [`${processed} of ${total}`, ...rest.map(([what, count]) => `${count} ${what}`)].join(", ");
}
