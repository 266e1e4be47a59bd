import { resolve } from "node:path";
import { Command } from "@commander-js/extra-typings";
import { StemmaError } from "../lineage/errors.ts";
import { FRAUD_TYPES, PAYSIM_TYPES } from "../stages/paysim.ts";
import type { SplitBy, SplitSummary } from "../stages/split.ts";
import { wholeNumber } from "../stages/whole-number.ts";
import type { Context } from "./context.ts";

/** So many malformed rows are named on stderr; the rest are only counted. */
const NAMED_BAD_ROWS = 20;

const EXAMPLES = `
Examples:
  stemma split --in /pfs/raw_data --out /pfs/out --buckets 16
  stemma split --in paysim.csv --out chunks --buckets 64
  stemma split --in paysim.csv --out chunks --by customer --subsample 50

Rows are kept as they are, each file with its header. Malformed rows are left out, counted, and the first ${NAMED_BAD_ROWS} named on stderr.

A customer's bucket is the CRC-32 of the name, modulo --buckets. Unless told, there are 8 buckets, or 16, 32, ... as it takes to have at
most 32 MiB of the input for each: adding a day's file seldom changes that. A pipeline must say --buckets: each of its datums sees
only some of the raw files, and all must be split alike.`;

/** `stemma split`: the first stage of the demo's pipelines. */
export function splitCommand(context: Context) {
  return new Command("split")
    .description("Split PaySim tables by customer: <out>/bucket-NN/<file>.csv, or <out>/<customer>/<file>.csv")
    .requiredOption("--in <path>", "a CSV file, or a folder with CSV files")
    .requiredOption("--out <folder>", "where the chunks go")
    .option("--types <list>", "transaction types to keep, with commas between", parseTypes, FRAUD_TYPES)
    .option(
      "--buckets <n>",
      "into how many buckets of customers (unless told, by the input's size; see below)",
      wholeNumber("--buckets", 1),
    )
    .option("--by <what>", 'a chunk for each "bucket" of customers, or for each "customer"', parseBy, "bucket")
    .option(
      "--subsample <n>",
      "with --by customer: only so many customers instead of all, half of them with fraud",
      wholeNumber("--subsample", 1),
    )
    .option("--max-bad <n>", "fail when more rows than this are malformed", wholeNumber("--max-bad", 0), 100)
    .addHelpText("after", EXAMPLES)
    .action(async (options) => {
      const by = chooseBy(options, context.env["PACH_JOB_ID"] !== undefined);
      const { splitTables } = await import("../stages/split.ts");
      const summary = await splitTables({
        from: resolve(context.cwd, options.in),
        to: resolve(context.cwd, options.out),
        types: options.types,
        by,
        maxBad: options.maxBad,
        onBad: badRowReporter(context.err),
        signal: context.signal,
      });
      context.err(`${describe(summary)}\n`);
    });
}

function parseTypes(text: string): readonly string[] {
  const types = text.split(",").map((type) => type.trim());
  const unknown = types.find((type) => !PAYSIM_TYPES.some((known) => known === type));
  if (unknown === undefined) return types;
  throw new StemmaError("USAGE", `--types has "${unknown}", but must name some of ${PAYSIM_TYPES.join(", ")}.`);
}

function parseBy(text: string): "bucket" | "customer" {
  if (text === "bucket" || text === "customer") return text;
  throw new StemmaError("USAGE", `--by is "${text}", but must be bucket or customer.`);
}

interface ByOptions {
  readonly by: "bucket" | "customer";
  readonly buckets?: number | undefined;
  readonly subsample?: number | undefined;
}

function chooseBy({ by, buckets, subsample }: ByOptions, isInJob: boolean): SplitBy {
  if (by === "customer") {
    if (buckets !== undefined) throw new StemmaError("USAGE", "--buckets does not go with --by customer.");
    return { customers: subsample };
  }
  if (subsample !== undefined) throw new StemmaError("USAGE", "--subsample needs --by customer.");
  if (buckets === undefined && isInJob) {
    throw new StemmaError(
      "USAGE",
      "--buckets must be given in a pipeline: a datum sees only some of the files, and all must be split alike.",
      {
        hint: 'Add "--buckets", "16" (or what fits the whole table) to the pipeline\'s cmd.',
      },
    );
  }
  return { buckets };
}

function badRowReporter(err: (text: string) => void): (where: string, trouble: string) => void {
  let named = 0;
  return (where, trouble) => {
    named++;
    if (named <= NAMED_BAD_ROWS) err(`split: ${where}: ${trouble}\n`);
    else if (named === NAMED_BAD_ROWS + 1) err("split: further malformed rows are only counted\n");
  };
}

function describe(summary: SplitSummary): string {
  const read = `read ${summary.rows} rows of ${count(summary.filesRead, "file")}`;
  return `split: ${read}, kept ${summary.kept}, bad ${summary.bad}, wrote ${count(summary.filesWritten, "file")}`;
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}
