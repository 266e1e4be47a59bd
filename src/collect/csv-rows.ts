import { Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";

const LONGEST_ROW = 1024 * 1024;

/** Reads a file from its beginning, as often as it is called. */
export type ReadBytes = () => AsyncIterable<Uint8Array>;

export type Rows = AsyncGenerator<readonly string[], void, undefined>;

/** A refusal that is an answer: the files are no tables that can be compared. */
export class NotCompared extends Error {}

/** Why something is no table, if that is what an error says. */
export function whyNoTable(error: unknown): string | undefined {
  if (error instanceof NotCompared) return error.message;
  return error instanceof CsvError ? `not readable as CSV (${error.code})` : undefined;
}

/** True for a name that promises a table. */
export function isTable(path: string): boolean {
  return /\.[ct]sv$/i.test(path);
}

/** Whether a first row is a header: one with a number in it names no columns. */
export function namesColumns(row: readonly string[]): boolean {
  return !row.some((field) => field.trim() !== "" && !Number.isNaN(Number(field)));
}

/** How many rows a table has below its header; undefined for what is no table. */
export async function countRows(path: string, read: ReadBytes): Promise<number | undefined> {
  try {
    let count = 0;
    let header = 0;
    for await (const row of readRows(path, read)) {
      if (count === 0 && namesColumns(row)) header = 1;
      count += 1;
    }
    return count - header;
  } catch (error) {
    if (whyNoTable(error) !== undefined) return undefined;
    throw error;
  }
}

/** The rows of a table, its header first. */
export async function* readRows(path: string, read: ReadBytes): Rows {
  const parser = parse({
    bom: true,
    delimiter: /\.tsv$/i.test(path) ? "\t" : ",",
    record_delimiter: ["\r\n", "\n"],
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: LONGEST_ROW,
  });
  const source = Readable.from(textOnly(read()), { objectMode: false });
  source.on("error", (error) => parser.destroy(error));
  try {
    for await (const row of source.pipe(parser)) yield row as readonly string[];
  } finally {
    source.destroy();
  }
}

async function* textOnly(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of bytes) {
    if (piece.includes(0)) throw new NotCompared("it is binary");
    yield piece;
  }
}
