import { Command, InvalidArgumentError } from "@commander-js/extra-typings";
import { nameOf } from "../lineage/describe.ts";
import { StemmaError } from "../lineage/errors.ts";
import type { ReproducePorts } from "../reproduce/ports.ts";
import type { Context } from "./context.ts";
import { ExitCode } from "./exit.ts";
import { withLineageOptions } from "./lineage-options.ts";
import { type LineageSession, openLineage } from "./lineage-session.ts";
import { outputOption, print } from "./print.ts";

const EXAMPLES = `
Pachyderm itself runs the stage: a pipeline with the same spec (of the job's version) on branches at the same input commits, which all go
away at the end. What it tracks goes to no server, so MLflow gets no second run. Datum by datum the new output is held
against the old one: bytes, or the content where names, times and ids are new each time, and params and metrics.

What is missing is named before anything begins: a commit, the spec, the run's code. --in FOLDER has jobs that run on this machine find
their code in FOLDER; if it is not there yet, it becomes a checkout (git worktree) of the run's git commit.

Exit code: 0 when it is equal, 1 when it differs, failed, or something is missing.

Examples:
  stemma reproduce 3f1c5e0a9b7d4c6e8f2a1b3c5d7e9f01
  stemma reproduce models:/fraud@champion --tolerance 1e-6
  stemma reproduce 3f1c5e0a --in /tmp/as-it-was -o json | jq .verdict`;

const DEFAULT_TOLERANCE = 1e-9;

/** `stemma reproduce`: runs a run's stage again, and says whether the same comes of it. */
export function reproduceCommand(context: Context) {
  const command = new Command("reproduce")
    .description("Run a run's stage again on the same commits, and say whether the same comes of it")
    .argument("<run>", "a run, or a model that came out of one")
    .option(
      "--in <folder>",
      "where the code is, for jobs that run on this machine; made of the run's git commit if it is not there",
    )
    .option(
      "--tolerance <number>",
      "how far two values of a metric may be apart, relative to the larger of them and 1",
      positive,
      DEFAULT_TOLERANCE,
    )
    .option("--allow-other-code", "go on although the code is not the run's")
    .addOption(outputOption(["tree", "table", "json", "jsonl", "yaml"]));
  return withLineageOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (reference, { output, tolerance, in: folder, allowOtherCode = false, ...options }) => {
      await using session = await openLineage(context, options);
      const run = await runOf(session, reference);
      const [{ reproduce }, { CodeFolder }, { StatusLine }, { PrintableReproduction }, { isEqual }] = await Promise.all([
        import("../reproduce/reproduce.ts"),
        import("../reproduce/code-folder.ts"),
        import("./status-line.ts"),
        import("./printable-reproduction.ts"),
        import("../reproduce/verdict.ts"),
      ]);
      using pachyderm = await context.pachyderm(options.pachd);
      const mlflow = await context.mlflow(options.mlflow, context.signal);
      const code = await CodeFolder.open(context.cwd, folder, (await mlflow.inspectRun(run)).tags["mlflow.source.git.commit"]);
      let progress = "looking for what it was made of";
      using line = new StatusLine(context, (seconds) => `${progress} (${seconds} s)`);
      const ports: ReproducePorts = {
        pachyderm,
        mlflow,
        readCode: (script) => code.read(script),
        say: (text) => {
          progress = text;
          line.show();
        },
        newId: () => crypto.randomUUID().slice(0, 8),
        signal: context.signal,
      };
      const found = await reproduce(ports, run, { tolerance, folder: code.given, allowOtherCode });
      line.clear();
      await print(context, new PrintableReproduction(found), output, options);
      if (!isEqual(found.verdict)) throw new ExitCode(1);
    });
}

/** The run that is meant, or that made the model that is meant. */
async function runOf(session: LineageSession, reference: string): Promise<string> {
  const node = await session.resolve(reference);
  if (node.kind === "run") return node.id;
  const isModel = node.kind === "model-version" || node.kind === "logged-model";
  const above = isModel ? [...(await session.walk(node, { direction: "up", maxDepth: 2 })).nodes.values()] : [];
  const run = above.find(({ kind }) => kind === "run");
  if (run?.kind === "run") return run.id;
  throw new StemmaError("USAGE", `${nameOf(node)} is no run, nor a model that came out of one.`, {
    hint: "Name a run: stemma trace shows those of a commit.",
  });
}

function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError("It must be a number, 0 or more.");
  return value;
}
