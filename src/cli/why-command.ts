import { Command } from "@commander-js/extra-typings";
import type { Node } from "../lineage/graph.ts";
import type { Context } from "./context.ts";
import type { LineageOptions } from "./lineage-options.ts";
import { withLineageOptions } from "./lineage-options.ts";
import type { OutputFormat } from "./print.ts";
import { anyOutputOption } from "./print.ts";

const EXAMPLES = `
Examples:
  stemma why models:/fraud@champion              the data, code, params and environment of the model in use
  stemma why train@master:/model/model.json      the same of one file, by the files that it was made from
  stemma why etl@master
  stemma why 3f1c5e0a9b7d4c6e8f2a1b3c5d7e9f01 -o json | jq .steps

Each stage is told once, before those that it was made from. The last line says "complete", or what is missing.`;

type Options = LineageOptions & { readonly output: OutputFormat };

/** `stemma why`: how something came to be, in words. */
export function whyCommand(context: Context) {
  return withLineageOptions(
    new Command("why")
      .description("Tell how a file, model, run or commit came to be: data, code, params, environment")
      .argument("<reference>", "a file, a model, a run or a commit")
      .addOption(anyOutputOption()),
  )
    .addHelpText("after", EXAMPLES)
    .action((reference, options) => printWhy(context, reference, options));
}

async function printWhy(context: Context, reference: string, { output, ...places }: Options): Promise<void> {
  const [{ openLineage }, { readWhyExtras }, { why }, { concluded }, { print }] = await Promise.all([
    import("./lineage-session.ts"),
    import("../collect/why-extras.ts"),
    import("../lineage/why.ts"),
    import("../lineage/answer.ts"),
    import("./print.ts"),
  ]);
  await using session = await openLineage(context, places);
  const root = await session.resolve(reference);
  const trace = await session.walk(root, { direction: "up", level: levelOf(root) });
  const told = why(trace);
  const extras = await readWhyExtras(session.index, await session.connect(), told);
  const whole = { ...told, ...concluded([...told.gaps, ...extras.gaps]) };
  const [{ printableWhy }, { rollUp }] = await Promise.all([import("./printable-why.ts"), import("../lineage/roll-up.ts")]);
  const graph = root.kind === "file" ? trace : rollUp(trace);
  await print(context, printableWhy(whole, extras, graph), output, places);
}

/** Whole commits and jobs are told of as such; all else by the files that are in it. */
function levelOf({ kind }: Node): "commit" | "file" {
  return kind === "commit" || kind === "job" ? "commit" : "file";
}
