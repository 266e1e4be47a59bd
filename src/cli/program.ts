import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { Command, CommanderError } from "@commander-js/extra-typings";
import { StemmaError } from "../lineage/errors.ts";
import { plainText } from "../lineage/plain-text.ts";
import type { Commands } from "./complete-command.ts";
import type { Context } from "./context.ts";
import { ExitCode, exitCodeOf, oneLine } from "./exit.ts";

/** Every command: its line in `stemma --help`, and where it lives. Only the one that was asked for is loaded. */
const COMMANDS: Commands = {
  demo: {
    summary: "the whole walk: data, three pipelines, a run, its lineage",
    load: async () => (await import("./demo-command.ts")).demoCommand,
  },
  up: {
    summary: "start the engine and an MLflow server on this machine",
    load: async () => (await import("./up-command.ts")).upCommand,
  },
  down: { summary: "stop what `stemma up` started", load: async () => (await import("./down-command.ts")).downCommand },
  status: { summary: "say what runs, and where", load: async () => (await import("./status-command.ts")).statusCommand },
  doctor: {
    summary: "check each remote and tool, and say what to do",
    load: async () => (await import("./doctor-command.ts")).doctorCommand,
  },
  trace: {
    summary: "where does this come from, and what came out of it?",
    load: async () => (await import("./trace-command.ts")).traceCommand,
  },
  why: {
    summary: "why is this model or file as it is? its whole chain in words",
    load: async () => (await import("./why-command.ts")).whyCommand,
  },
  impact: {
    summary: "which runs and models came out of this data, and which are in use?",
    load: async () => (await import("./impact-command.ts")).impactCommand,
  },
  path: {
    summary: "how did this come from that? the ways between two things",
    load: async () => (await import("./path-command.ts")).pathCommand,
  },
  diff: {
    summary: "what differs between two runs, models or commits?",
    load: async () => (await import("./diff-command.ts")).diffCommand,
  },
  log: {
    summary: "the history of a branch, with the runs and models on it",
    load: async () => (await import("./lineage-log-command.ts")).logCommand,
  },
  find: {
    summary: "find things by kind, name, param, metric, tag or time",
    load: async () => (await import("./find-command.ts")).findCommand,
  },
  verify: {
    summary: "hold runs, cards, commits and models against each other",
    load: async () => (await import("./verify-command.ts")).verifyCommand,
  },
  reproduce: {
    summary: "run a run's stage again, and say whether the same comes of it",
    load: async () => (await import("./reproduce-command.ts")).reproduceCommand,
  },
  export: {
    summary: "write lineage in a standard's form: OpenLineage, PROV, RO-Crate …",
    load: async () => (await import("./export-command.ts")).exportCommand,
  },
  import: {
    summary: "add lineage from elsewhere, told in OpenLineage events",
    load: async () => (await import("./import-command.ts")).importCommand,
  },
  index: {
    summary: "bring the index of all lineage up to date, or make it anew",
    load: async () => (await import("./index-command.ts")).indexCommand,
  },
  track: {
    summary: "run a command as an MLflow run that is linked to its data",
    load: async () => (await import("./track-command.ts")).trackCommand,
  },
  replay: {
    summary: "deliver to MLflow what it could not be told when it was away",
    load: async () => (await import("./replay-command.ts")).replayCommand,
  },
  reconcile: {
    summary: "find runs and commits that do not know each other, and mend them",
    load: async () => (await import("./reconcile-command.ts")).reconcileCommand,
  },
  show: {
    summary: "print a run card, or a run, and check it",
    load: async () => (await import("./show-command.ts")).showCommand,
  },
  apply: {
    summary: "create or update pipelines from their specs",
    load: async () => (await import("./apply-command.ts")).applyCommand,
  },
  put: { summary: "put files into a repo, as one commit", load: async () => (await import("./put-command.ts")).putCommand },
  get: { summary: "read files out of a commit", load: async () => (await import("./get-command.ts")).getCommand },
  ls: { summary: "list repos, commits or files", load: async () => (await import("./ls-command.ts")).lsCommand },
  jobs: { summary: "list jobs, or wait for a commit's jobs", load: async () => (await import("./jobs-command.ts")).jobsCommand },
  logs: { summary: "show what a pipeline's jobs printed", load: async () => (await import("./logs-command.ts")).logsCommand },
  fsck: {
    summary: "check that all that is stored is there and whole",
    load: async () => (await import("./fsck-command.ts")).fsckCommand,
  },
  gc: {
    summary: "remove stored content that no commit needs any more",
    load: async () => (await import("./gc-command.ts")).gcCommand,
  },
  delete: { summary: "delete a pipeline or a repo", load: async () => (await import("./delete-command.ts")).deleteCommand },
  "demo-data": {
    summary: "generate rows in the shape of the PaySim data set",
    load: async () => (await import("./demo-data-command.ts")).demoDataCommand,
  },
  split: {
    summary: "split raw CSV files by customer: the demo's first stage",
    load: async () => (await import("./split-command.ts")).splitCommand,
  },
  "next-datum": {
    summary: "within a job with datum_batching: wait for the next datum",
    load: async () => (await import("./next-datum-command.ts")).nextDatumCommand,
  },
  completion: {
    summary: "print what makes a shell complete commands and names",
    load: async () => (await import("./completion-command.ts")).completionCommand,
  },
  complete: {
    summary: "what a shell's completion asks",
    hidden: true,
    load: async () => {
      const { completeCommand } = await import("./complete-command.ts");
      return (context) => completeCommand(context, COMMANDS);
    },
  },
  engine: {
    summary: "run the embedded engine alone, in the foreground",
    load: async () => (await import("./engine-command.ts")).engineCommand,
  },
};

/** Runs one command line and resolves to its exit code. Errors become one line on `err`; a bug shows its stack. */
export async function runProgram(context: Context, argv: readonly string[]): Promise<number> {
  const program = new Command("stemma")
    .description("Provenance for machine-learning pipelines: what made this model, and what came out of this data?")
    .version(context.version, "-V, --version", "print the version")
    .helpCommand(false)
    .addHelpText("after", "\nstemma COMMAND --help shows a command's options, with examples.");
  const asked = COMMANDS[argv[0] ?? ""];
  if (asked !== undefined) program.addCommand((await asked.load())(context));
  else
    for (const [name, { summary, hidden = false }] of Object.entries(COMMANDS))
      program.addCommand(new Command(name).description(summary), { hidden });
  quiet(program, context);
  try {
    if (argv.length === 0) {
      context.out(program.helpInformation());
      return 0;
    }
    await program.parseAsync([...argv], { from: "user" });
    return 0;
  } catch (error) {
    return report(error, context);
  }
}

/** Sends commander's own output through the context, and makes it throw instead of ending the process. */
function quiet(command: CommandUnknownOpts, context: Context): void {
  command.exitOverride().configureOutput({
    writeOut: context.out,
    writeErr: context.err,
    outputError: (text, write) =>
      write(
        `stemma: ${plainText(
          text
            .replace(/^error: /, "")
            .replace(/\n(?=\(Did you mean)/, " ")
            .trimEnd(),
        )}\n`,
      ),
  });
  for (const child of command.commands) quiet(child, context);
}

function report(error: unknown, context: Context): number {
  if (error instanceof ExitCode) return error.code;
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof StemmaError) {
    context.err(`stemma: ${oneLine(error)}\n`);
    return exitCodeOf(error.code);
  }
  context.err(`stemma: this is a bug. ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 70;
}
