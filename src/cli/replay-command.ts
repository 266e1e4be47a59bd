import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Command } from "@commander-js/extra-typings";
import type { Context } from "./context.ts";
import { ExitCode } from "./exit.ts";

const HELP = `
When MLflow is away, "stemma track" keeps what it could not tell in an outbox: in the output commit of a Pachyderm job, below
/.stemma/outbox, or in a folder. Replaying delivers it exactly once, into a run with the true start and end times, and links both
sides. It can be repeated: what has been delivered stays as it is. Every outbox is checked against its digests before anything is sent.

Examples:
  stemma replay train@master              the outboxes in the head of a branch
  stemma replay fraud/train@b15a6ec27f8a4001bbb721c2a412d1d9
  stemma replay .stemma/outbox            all outboxes below a folder; they are removed when they have been delivered`;

/** `stemma replay`: brings to MLflow what waits in outboxes. */
export function replayCommand(context: Context) {
  return new Command("replay")
    .description("Deliver to MLflow what it could not be told when it was away")
    .argument("<place>", "an output commit (repo@branch, repo@id), or a folder")
    .option("--mlflow <uri>", "MLflow's address (default: $MLFLOW_TRACKING_URI, or what stemma up started)")
    .option("--pachd <address>", "Pachyderm's address (default: $PACHD_ADDRESS, or what stemma up started)")
    .addHelpText("after", HELP)
    .action(async (place, options) => {
      const { replayCommit, replayFolder } = await import("./replay-places.ts");
      const runs = await context.mlflow(options.mlflow);
      const say = (line: string): void => context.err(`stemma: ${line}\n`);
      const folder = resolve(context.cwd, place);
      const outcome = existsSync(folder)
        ? await replayFolder({ runs, say }, folder)
        : await replayCommit({ runs, say, pachyderm: await context.pachyderm(options.pachd) }, place);
      for (const { run, what } of outcome.replayed) context.out(`${run.id}  ${run.name}  ${what}\n`);
      if (outcome.replayed.length === 0) say("nothing waits there.");
      if (outcome.isIncomplete) throw new ExitCode(6);
    });
}
