import { createWriteStream } from "node:fs";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Command } from "@commander-js/extra-typings";
import { StemmaError } from "../lineage/errors.ts";
import { LEAST_FRAUDS, paysimText } from "../stages/paysim.ts";
import { wholeNumber } from "../stages/whole-number.ts";
import type { Context } from "./context.ts";

const NOTES = `
The rows look as PaySim's do, but none is taken from it: types, amounts, balances and the share of frauds follow the published
facts of the real table (0.129 % of the rows are frauds). A small table would have too few frauds to learn from, so there are
${LEAST_FRAUDS} at least, or a tenth of the rows where that is less.

Examples:
  stemma demo-data -o paysim.csv
  stemma demo-data --rows 6362620 --seed 7 -o paysim-full.csv
  stemma demo-data --rows 100 | head`;

/** `stemma demo-data`: rows to try everything with. */
export function demoDataCommand(context: Context) {
  return new Command("demo-data")
    .description("Make a table of the shape of PaySim's, the same for the same seed")
    .option("--rows <n>", "how many rows", wholeNumber("--rows", 0), 20_000)
    .option("--seed <s>", "another seed makes another table", wholeNumber("--seed", 0), 1)
    .option("-o, --output <file>", 'where the table goes, "-" for standard output', "-")
    .addHelpText("after", NOTES)
    .action(async ({ rows, seed, output }) => {
      const chunks = paysimText({ rows, seed });
      if (output === "-") await print(chunks, context);
      else await save(chunks, resolve(context.cwd, output), context.signal);
    });
}

async function print(chunks: Iterable<Buffer>, { write, signal }: Context): Promise<void> {
  for (const chunk of chunks) {
    signal.throwIfAborted();
    await write(chunk);
  }
}

async function save(chunks: Iterable<Buffer>, file: string, signal: AbortSignal): Promise<void> {
  try {
    await pipeline(Readable.from(chunks), createWriteStream(file), { signal });
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    throw new StemmaError("FAILED", `cannot write ${file}: ${(cause as Error).message}`, { cause });
  }
}
