import { Command } from "@commander-js/extra-typings";
import { StemmaError } from "../lineage/errors.ts";
import { impactOf } from "../lineage/impact.ts";
import type { NodeKind } from "../lineage/urn.ts";
import { parseKinds, parseTime } from "./arguments.ts";
import type { Context } from "./context.ts";
import { ExitCode } from "./exit.ts";
import { withLineageOptions } from "./lineage-options.ts";
import { openLineage } from "./lineage-session.ts";
import { anyOutputOption, print } from "./print.ts";
import { printableImpact } from "./printable-impact.ts";

const EXAMPLES = `
Exit code: 0 when nothing came out of it (with --live: nothing that is in use), 1 when something did, so that a script can ask before
it deletes data.

Examples:
  stemma impact raw_data@master:/day-12.csv         every run and model that the file is in
  stemma impact raw_data@master --live              only models in use: with an alias, in a stage, or deployed
  stemma impact etl@master --kind model-version -o json
  stemma impact raw_data@master --live > /dev/null && echo "nothing in use depends on it"`;

/** `stemma impact`: what came out of a thing that people act upon. */
export function impactCommand(context: Context) {
  const command = new Command("impact")
    .description("List the runs, models and deployments that came out of a commit, a file or a run")
    .argument("<reference>", "what to start from, such as raw_data@master:/day-12.csv")
    .option("--live", "only what is in use: by an alias, a stage or a deployment")
    .option(
      "--kind <kind>",
      "only of this kind: run, logged-model, model-version, deployment; several with commas",
      parseOutcomes,
    )
    .option("--as-of <time>", "as it was then, as far as it was seen: 2026-11-21 or 2026-11-21T09:30:00Z", parseTime)
    .option("--attempts", "also runs that others replaced")
    .addOption(anyOutputOption("table"))
    .addHelpText("after", EXAMPLES);
  return withLineageOptions(command).action(async (reference, { live, kind, asOf, attempts, ...options }) => {
    await using session = await openLineage(context, options);
    const root = await session.resolve(reference, asOf);
    const trace = await session.walk(root, { direction: "down", asOf, attempts });
    const rows = impactOf(trace, session.index, { live, asOf }).filter(({ node }) => kind?.includes(node.kind) ?? true);
    await print(context, printableImpact(trace, rows, { live, kind }), options.output, options);
    if (rows.length > 0) throw new ExitCode(1);
  });
}

/** A kind that is never in the answer would look like good news. */
function parseOutcomes(text: string, before?: readonly NodeKind[]): readonly NodeKind[] {
  const kinds = parseKinds(text, before);
  const other = kinds.find((kind) => !OUTCOMES.includes(kind));
  if (other === undefined) return kinds;
  throw new StemmaError("USAGE", `impact is about what people act upon, and a ${other} is none of that.`, {
    hint: `There are: ${OUTCOMES.join(", ")}`,
  });
}

const OUTCOMES: readonly NodeKind[] = ["run", "logged-model", "model-version", "deployment"];
