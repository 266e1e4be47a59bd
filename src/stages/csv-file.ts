import { createReadStream, type ReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { CsvError, parse } from "csv-parse";
import { StemmaError } from "../lineage/errors.ts";
import { LONGEST_ROW, readPlainLines } from "./csv-plain.ts";
import { type CsvRow, isBlank, PlainRow, rowOf } from "./csv-row.ts";

const READ_BYTES = 256 * 1024;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** What is told about a file while it is read. */
export interface CsvEvents {
  readonly onHeader: (row: CsvRow) => void;
  readonly onRow: (row: CsvRow) => void;
}

/**
 * Reads a CSV file in a stream: LF or CRLF, with or without a byte order mark or a last line end; blank lines are passed over.
 * All is Latin-1 text, a character a byte, so that writing it as Latin-1 gives back the file's own bytes whatever its encoding.
 * Throws USAGE when there is no header, or when a quote is never closed; `shown` is the file's name in messages.
 */
export async function readCsv(path: string, shown: string, events: CsvEvents, signal?: AbortSignal): Promise<void> {
  let line = 1;
  let isHeaderRead = false;
  const take = (row: CsvRow): void => {
    if (!isBlank(row)) {
      if (isHeaderRead) events.onRow(row);
      else events.onHeader(row);
      isHeaderRead = true;
    }
    line += row.lines;
  };
  try {
    const start = await textStart(path);
    const plain = await readPlainLines(readFrom(path, start, signal), (text) => {
      // A lone CR is a line end to some readers, so it must come out in quotes.
      take(text.includes("\r") ? rowOf(text.split(","), line) : new PlainRow(text, line));
    });
    if (!plain.isAll) {
      await parseRows(readFrom(path, start + plain.bytes, signal), (fields) => take(rowOf(fields, line)));
    }
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw explain(error, shown, line);
  }
  if (!isHeaderRead) throw new StemmaError("USAGE", `${shown} is empty: its first line must name the columns.`);
}

function readFrom(path: string, start: number, signal: AbortSignal | undefined): ReadStream {
  return createReadStream(path, { start, highWaterMark: READ_BYTES, signal });
}

async function parseRows(source: ReadStream, onRow: (fields: readonly string[]) => void): Promise<void> {
  const parser = parse({
    encoding: "latin1",
    record_delimiter: ["\r\n", "\n"],
    relax_column_count: true,
    relax_quotes: true,
    max_record_size: LONGEST_ROW,
    on_record: (fields: readonly string[]) => {
      onRow(fields);
    },
  });
  await pipeline(source, parser.resume());
}

/** A field as a message can show it: decoded, short, in quotes. */
export function shownField(field: string): string {
  const text = Buffer.from(field, "latin1").toString("utf8");
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

/** Where the text begins: after a byte order mark. csv-parse could skip it too, but would then read the file as UTF-8. */
async function textStart(path: string): Promise<number> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(BYTE_ORDER_MARK.length), 0, BYTE_ORDER_MARK.length, 0);
  return bytesRead === BYTE_ORDER_MARK.length && buffer.equals(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
}

function explain(error: unknown, shown: string, line: number): unknown {
  if (error instanceof StemmaError) return error;
  if (error instanceof CsvError) {
    return new StemmaError("USAGE", `${shown}, line ${line}: ${csvTrouble(error.code)}`, { cause: error });
  }
  const { code, message } = error as NodeJS.ErrnoException;
  return code === undefined ? error : new StemmaError("FAILED", `cannot read ${shown}: ${message}`, { cause: error });
}

function csvTrouble(code: CsvError["code"]): string {
  if (code === "CSV_QUOTE_NOT_CLOSED") return "a quote is opened here and never closed.";
  if (code === "CSV_MAX_RECORD_SIZE") return `a row longer than ${LONGEST_ROW} characters begins here: is a quote not closed?`;
  return `not readable as CSV (${code}).`;
}
