import { Command } from "@commander-js/extra-typings";
import { StemmaError } from "../lineage/errors.ts";
import type { Node } from "../lineage/graph.ts";
import type { LineageIndex } from "../lineage/store/lineage-index.ts";
import type { Verification } from "../verify/verify.ts";
import type { Context } from "./context.ts";
import { ExitCode, exitCodeOf } from "./exit.ts";
import { type LineageOptions, withLineageOptions } from "./lineage-options.ts";
import { type LineageSession, openLineage } from "./lineage-session.ts";
import { outputOption, print } from "./print.ts";

const EXAMPLES = `
Checks each link from both ends, as both servers have it now: the run card's digest; the card against its run in MLflow (params,
last metrics, tags, status, data sets) and against its job (version, image, datum, inputs); the run's tags against commits, jobs and
datums; artifacts against the card's SHA-256; each commit's files against their hashes; model versions against what they came from;
aliases against where they pointed when they were first seen; and what is gone though something still refers to it.
The exit code is 5 when something does not hold. docs/lineage.md lists the kinds of findings.

Examples:
  stemma verify train@master            all that this commit came from
  stemma verify --all                   everything that the index knows
  stemma verify --all --no-content --no-artifacts     without reading any large file
  stemma verify --all --accept          aliases are right where they are now
  stemma verify --all -o jsonl | jq -r '.kind // empty'`;

/** When aliases were last said to be right. */
const ACCEPTED = "verify:accepted";

interface Options extends LineageOptions {
  readonly all?: true | undefined;
  readonly accept?: true | undefined;
  readonly artifacts: boolean;
  readonly content: boolean;
}

/** `stemma verify`: whether runs, cards, commits and models are what they say of each other. */
export function verifyCommand(context: Context) {
  const command = new Command("verify")
    .description("Hold runs, run cards, commits and models against each other, and name what does not hold")
    .argument("[reference]", "what to verify, with all that it came from")
    .option("--all", "everything in the index")
    .option("--no-artifacts", "leave out the content of MLflow's artifacts")
    .option("--no-content", "leave out the content of Pachyderm's files")
    .option("--accept", "take the aliases of models as right where they point now")
    .addOption(outputOption(["tree", "table", "json", "jsonl", "yaml"]));
  return withLineageOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (reference, { output, ...options }) => {
      if ((reference === undefined) === (options.all === undefined))
        throw new StemmaError("USAGE", "name what to verify, or give --all, and not both.", {
          hint: "See: stemma verify --help",
        });
      await using session = await openLineage(context, options);
      const nodes = reference === undefined ? allOf(session.index) : await closureOf(session, reference);
      const verification = await run(context, session, nodes, options);
      if (reference !== undefined && Object.values(verification.checked).every((count) => count === 0))
        throw nothingAt(reference);
      const { PrintableVerification } = await import("./printable-verification.ts");
      await print(context, new PrintableVerification(verification), output, options);
      if (verification.findings.length > 0) throw new ExitCode(exitCodeOf("INTEGRITY"));
    });
}

/** No findings where nothing was checked would look like good news. */
function nothingAt(reference: string): StemmaError {
  return new StemmaError("USAGE", `${reference} came from nothing that could be verified.`, {
    hint: "Name a run, a commit, a job or a model, or give --all.",
  });
}

function* allOf(index: LineageIndex): Iterable<Node> {
  for (const { node } of index.records(["run", "commit", "job", "model-version"])) yield node;
}

/** A file stands for its commit. */
async function closureOf(session: LineageSession, reference: string): Promise<Iterable<Node>> {
  const found = await session.resolve(reference);
  const root: Node = found.kind === "file" ? { ...found, kind: "commit", id: found.commit } : found;
  return (await session.walk(root, { direction: "up", level: "commit", attempts: true })).nodes.values();
}

async function run(
  context: Context,
  { index, gaps, connect }: LineageSession,
  nodes: Iterable<Node>,
  options: Options,
): Promise<Verification> {
  const [{ verify }, { StatusLine }] = await Promise.all([import("../verify/verify.ts"), import("./status-line.ts")]);
  if (options.accept === true) index.write((writer) => writer.setCursor(ACCEPTED, new Date().toISOString()));
  let progress = "";
  using _ = new StatusLine(context, (seconds) => `verifying for ${seconds} s: ${progress}`);
  const done = await verify(index, await connect(), nodes, {
    artifacts: options.artifacts,
    content: options.content,
    accepted: new Date(index.cursor(ACCEPTED) ?? 0),
    signal: context.signal,
    onProgress: (text) => (progress = text),
  });
  return { ...done, complete: done.complete && gaps.length === 0, gaps: [...done.gaps, ...gaps] };
}
