import { Command } from "@commander-js/extra-typings";
import { wholeNumber } from "../stages/whole-number.ts";
import type { Context } from "./context.ts";
import type { LineageOptions } from "./lineage-options.ts";
import { withLineageOptions } from "./lineage-options.ts";
import type { OutputFormat } from "./print.ts";
import { anyOutputOption } from "./print.ts";

/** More lines than this are not read on a screen. */
const LINES = 100;

const HELP = `
An expression is made of conditions, with and, or, not and parentheses:
  FIELD = VALUE   also !=, <, <=, >, >=      FIELD in ('a', 'b')      FIELD like 'train%'   also ilike      FIELD is null
  not in, not like and is not null, too
Fields:
  kind, name, id, urn, reference, state, reason, time, since, gone, attempt, project, experiment, version, alias, stage, path,
  size, digest, image, and params.KEY, metrics.KEY, tags.KEY; a key with blanks is put in backticks: tags.\`my tag\`
Values:
  Texts are put in quotes ('it''s' has one within), single words need none. A number without quotes is compared as a number with
  what reads as one: params.depth > 5. A time is a day or a time of UTC: '2026-01-31', '2026-01-31T08:00'.
  What a thing does not have equals nothing and differs from nothing, as in MLflow: for tags.team != 'a' it needs the tag.
Files and datums are found as far as they were asked for by other commands.

Examples:
  stemma find "kind = run and metrics.auc > 0.9 and params.depth = 5"
  stemma find "kind = run and state = failed and time >= '2026-11-01' and attempt = false"
  stemma find "kind = model-version and alias = champion"
  stemma find "kind in (commit, job) and name like 'train%'" --limit 10
  stemma find "tags.team is null and not state like '%deleted'" -o jsonl | jq -r '.reference // empty'`;

type Options = LineageOptions & { readonly limit?: number | undefined; readonly output: OutputFormat };

/** `stemma find`: the things of which an expression holds. */
export function findCommand(context: Context) {
  return withLineageOptions(
    new Command("find")
      .description("Find runs, models, commits and all else by kind, name, param, metric, tag, state and time")
      .argument("<expression>", 'what has to hold, such as "kind = run and metrics.auc > 0.9"')
      .option(
        "-n, --limit <count>",
        `at most so many, the newest first; 0 shows all (in a table ${LINES} by default)`,
        wholeNumber("--limit", 0),
      )
      .addOption(anyOutputOption("table")),
  )
    .addHelpText("after", HELP)
    .action((expression, options) => printFound(context, expression, options));
}

async function printFound(context: Context, text: string, { limit, output, ...places }: Options): Promise<void> {
  const { parseExpression } = await import("../lineage/find/parse.ts");
  // What is mistyped is said before anything is asked.
  const expression = parseExpression(text);
  const [{ openLineage }, { find }, { cutLines, printableFind }, { print }] = await Promise.all([
    import("./lineage-session.ts"),
    import("../lineage/find/find.ts"),
    import("./printable-find.ts"),
    import("./print.ts"),
  ]);
  await using session = await openLineage(context, places);
  const most = limit ?? (output === "table" ? LINES : 0);
  const found = find(session.index, expression, most === 0 ? undefined : most);
  if (output !== "table") for (const line of cutLines(found)) context.err(`${line}\n`);
  await print(context, printableFind(expression, found, session.gaps), output, places);
}
