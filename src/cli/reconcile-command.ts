import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import type { Reconciliation } from "../tracker/reconcile/reconcile.ts";
import type { Context } from "./context.ts";
import { ExitCode, exitCodeOf } from "./exit.ts";
import { StatusLine } from "./status-line.ts";
import { drawTable, firstLine } from "./table.ts";

const MS_PER_MINUTE = 60_000;

const HELP = `
What it finds                                                                        what --fix does
  stale-run           it says RUNNING, and its tracker is gone                       ends it as KILLED, with the reason
  doubled-run         a second run of the same work                                  ends it as KILLED, names the one that counts
  run-without-commit  Pachyderm does not have the commit that it names               notes in a tag when that was seen
  deleted-run         deleted in MLflow, while its output is there                   restores it
  undelivered         an outbox that MLflow was not told of                          nothing: use stemma replay
  run-without-card    its output commit has no card of it                            nothing: commits are immutable
  commit-without-run  a card of a run that MLflow does not have                      nothing
It needs the MLflow and the Pachyderm that the runs were made with, and changes no commit.

Ends with 0 when all is well or mended, 1 when something is left, 6 when not all could be looked at, 4 when neither answers.

Examples:
  stemma reconcile
  stemma reconcile --fix --experiment fraud
  stemma reconcile -o json | jq .findings`;

/** `stemma reconcile`: what does not fit between runs and commits. */
export function reconcileCommand(context: Context) {
  return new Command("reconcile")
    .description("Find runs and commits that lost each other, and runs that nobody ended")
    .option("--fix", "put right what can be")
    .option("--experiment <name...>", "only runs of these experiments")
    .option("--stale-after <minutes>", "when a run without a sign of life counts as left alone", parseMinutes, 10)
    .addOption(
      new Option("-o, --output <format>", "how to print it").choices(["table", "json"] as const).default("table" as const),
    )
    .option("--pachd <address>", "Pachyderm's address, instead of $PACHD_ADDRESS or what `stemma up` started")
    .option("--mlflow <uri>", "MLflow's address, instead of $MLFLOW_TRACKING_URI or what `stemma up` started")
    .addHelpText("after", HELP)
    .action(async ({ fix = false, experiment: experiments = [], staleAfter, output, pachd, mlflow }) => {
      const [{ reconcile }, { localProcesses }] = await Promise.all([
        import("../tracker/reconcile/reconcile.ts"),
        import("../tracker/reconcile/processes.ts"),
      ]);
      using commits = await context.pachyderm(pachd);
      const runs = await context.mlflow(mlflow);
      let doing = "";
      using line = new StatusLine(context, (seconds) => `${doing} (${seconds} s)`);
      const result = await reconcile(
        {
          runs,
          commits,
          processes: localProcesses(),
          now: () => new Date(),
          progress: (text) => (doing = text),
        },
        { fix, experiments, staleAfterMs: staleAfter * MS_PER_MINUTE, signal: context.signal },
      );
      line.clear();
      context.out(output === "json" ? `${JSON.stringify(result, undefined, 2)}\n` : draw(result));
      if (result.findings.some(({ mended }) => !mended)) throw new ExitCode(1);
      if (!result.complete) throw new ExitCode(exitCodeOf("INCOMPLETE"));
    });
}

function draw({ findings, unchecked, runs, commits }: Reconciliation): string {
  const rows = findings.map(({ kind, run, commit, message, mended }) => [
    mended ? "mended" : "found",
    kind,
    run ?? commit ?? "-",
    firstLine(message),
  ]);
  const left = findings.filter(({ mended }) => !mended).length;
  const total = `runs: ${runs}, output commits: ${commits}, findings: ${findings.length}, left: ${left}\n`;
  const gaps = unchecked.map((gap) => `incomplete: ${firstLine(gap)}\n`);
  return [drawTable(["", "FINDING", "OF", "WHAT"], rows), ...gaps, total].join("");
}

function parseMinutes(text: string): number {
  const minutes = Number(text);
  if (text.trim() === "" || !(minutes >= 0)) throw new InvalidArgumentError("It is a number of minutes.");
  return minutes;
}
