import { Command } from "@commander-js/extra-typings";
import { paths } from "../lineage/paths.ts";
import { formatUrn } from "../lineage/urn.ts";
import { concluded } from "../lineage/answer.ts";
import { parseTime } from "./arguments.ts";
import type { Context } from "./context.ts";
import { ExitCode } from "./exit.ts";
import { withLineageOptions } from "./lineage-options.ts";
import { openLineage } from "./lineage-session.ts";
import { anyOutputOption, print } from "./print.ts";
import { printableWays } from "./printable-ways.ts";

const EXAMPLES = `
The order of the two does not matter. Exit code: 0 when there is a way, 1 when there is none.

Examples:
  stemma path models:/fraud@champion raw_data@master:/day-12.csv   how the file came to be in the model
  stemma path 3f1c5e0a split@master
  stemma path train@master raw_data@master -o dot | dot -Tsvg > ways.svg`;

/** `stemma path`: the ways between two things. */
export function pathCommand(context: Context) {
  const command = new Command("path")
    .description("Show the ways from one thing to another that it came from")
    .argument("<a>", "one of them, such as a run id")
    .argument("<b>", "the other, such as raw_data@master")
    .option("--as-of <time>", "as it was then, as far as it was seen: 2026-11-21 or 2026-11-21T09:30:00Z", parseTime)
    .option("--attempts", "also ways through tries that others replaced")
    .addOption(anyOutputOption())
    .addHelpText("after", EXAMPLES);
  return withLineageOptions(command).action(async (a, b, { asOf, attempts, output, ...options }) => {
    await using session = await openLineage(context, options);
    const [from, to] = [await session.resolve(a, asOf), await session.resolve(b, asOf)].map(formatUrn);
    if (from === undefined || to === undefined) return;
    const found = await paths(session.index, from, to, { asOf, attempts }, session.expander);
    const ways = { ...found, ...concluded([...found.gaps, ...session.gapsAt(from)]) };
    await print(context, printableWays(ways), output, options);
    if (ways.count === 0n) throw new ExitCode(1);
  });
}
