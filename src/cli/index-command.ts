import { existsSync } from "node:fs";
import { Command, Option } from "@commander-js/extra-typings";
import type { RebuildReport } from "../collect/rebuild.ts";
import type { SyncReport } from "../collect/sync-options.ts";
import { countText } from "../lineage/draw/words.ts";
import { StemmaError } from "../lineage/errors.ts";
import { dump } from "../lineage/store/dump.ts";
import { LineageIndex } from "../lineage/store/lineage-index.ts";
import type { Context } from "./context.ts";
import { ExitCode, exitCodeOf } from "./exit.ts";
import { indexFile, isNamed } from "./index-file.ts";
import { refuseOtherFile } from "./other-file.ts";
import { statusText } from "./index-status.ts";
import type { LineageOptions } from "./lineage-options.ts";
import { connectSources } from "./lineage-sources.ts";

const EXAMPLES = `
The index holds nothing that Pachyderm and MLflow could not say again, but for what is gone from them and where names pointed before.
Every command that asks it first reads what is new.

Examples:
  stemma index sync            read what is new
  stemma index sync --full     read everything again, and note what is gone
  stemma index sync --watch    go on reading what is new, until Ctrl-C
  stemma index rebuild         read everything into a new index, as after a change of stemma's version
  stemma index status          what it holds, and of when
  stemma index dump | sha256sum`;

type Places = Pick<LineageOptions, "pachd" | "mlflow" | "index">;

/** `stemma index`: the index that all questions of lineage are answered from. */
export function indexCommand(context: Context) {
  return new Command("index")
    .description("Look after the index that questions of lineage are answered from")
    .helpCommand(false)
    .addHelpText("after", EXAMPLES)
    .addCommand(
      places("sync", "Read what is new in Pachyderm and MLflow")
        .option("--full", "read everything again, and note what is gone")
        .addOption(new Option("--watch", "go on until Ctrl-C").conflicts("full"))
        .action(({ full, watch, ...options }) => (watch === true ? follow(context, options) : syncOnce(context, options, full))),
    )
    .addCommand(
      places("rebuild", "Read everything into a new index, and put it in place of the old one").action((options) =>
        rebuildIndex(context, options),
      ),
    )
    .addCommand(
      places("status", "Say where the index is, what it holds, and of when").action((options) => printStatus(context, options)),
    )
    .addCommand(
      places("dump", "Print the graph as lines of JSON, always in the same order").action((options) =>
        printDump(context, options),
      ),
    );
}

function places(name: string, description: string) {
  return new Command(name)
    .description(description)
    .option("--index <file>", "the index, instead of $STEMMA_INDEX or the one in the state folder")
    .option("--pachd <address>", "Pachyderm's address, instead of $PACHD_ADDRESS or what `stemma up` started")
    .option("--mlflow <uri>", "MLflow's address, instead of $MLFLOW_TRACKING_URI or what `stemma up` started");
}

async function syncOnce(context: Context, options: Places, full: boolean | undefined): Promise<void> {
  const { syncIndex } = await import("./sync-index.ts");
  using index = new LineageIndex(await indexFile(context, options));
  const { sources, close } = await connectSources(context, options);
  try {
    finish(context, await syncIndex(context, index, sources, { full }));
  } finally {
    close();
  }
}

async function follow(context: Context, options: Places): Promise<void> {
  const { watch } = await import("../collect/watch.ts");
  using index = new LineageIndex(await indexFile(context, options));
  const { sources, close } = await connectSources(context, options);
  try {
    await watch(index, sources, { signal: context.signal, onChange: (report) => context.err(reportText(report)) });
  } finally {
    close();
  }
}

async function rebuildIndex(context: Context, options: Places): Promise<void> {
  const { rebuild } = await import("../collect/rebuild.ts");
  const file = await indexFile(context, options);
  if (isNamed(context, options)) refuseOtherFile(file);
  const { sources, close } = await connectSources(context, options);
  try {
    const report: RebuildReport = await rebuild(file, sources, { signal: context.signal });
    if (!report.carriedOver) context.err("The old index could not be read: what was gone before is not in the new one.\n");
    finish(context, report);
  } finally {
    close();
  }
}

/** What was read, and the exit code of what could not be. */
function finish(context: Context, report: SyncReport): void {
  context.err(reportText(report));
  if (report.gaps.length > 0) throw new ExitCode(exitCodeOf("UNREACHABLE"));
}

function reportText({ gaps, read: { commits, jobs, runs, models } }: SyncReport): string {
  const lines = [
    `Read ${countText(commits, "commit")}, ${countText(jobs, "job")}, ${countText(runs, "run")}, ${countText(models, "model")}.`,
    ...gaps.map(({ why }) => `stemma: ${why}.`),
  ];
  return `${lines.join("\n")}\n`;
}

async function printStatus(context: Context, options: Places): Promise<void> {
  const file = await indexFile(context, options);
  using index = openExisting(file);
  context.out(statusText(index, file));
}

async function printDump(context: Context, options: Places): Promise<void> {
  using index = openExisting(await indexFile(context, options));
  // One line is too little for a write of its own.
  let text = "";
  for (const line of dump(index)) {
    text += line;
    if (text.length < CHUNK) continue;
    await context.write(Buffer.from(text));
    text = "";
  }
  await context.write(Buffer.from(text));
}

const CHUNK = 65_536;

function openExisting(file: string): LineageIndex {
  if (!existsSync(file)) throw new StemmaError("NOT_FOUND", `there is no index ${file} yet.`, { hint: "Run: stemma index sync" });
  return new LineageIndex(file);
}
