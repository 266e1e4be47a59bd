import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { CsvError, parse } from "csv-parse";
import { StemmaError } from "../lineage/errors.ts";

/** No row is near this long: a quote that is never closed is found out before it has swallowed the file. */
const LONGEST_ROW = 8192;
const READ_BYTES = 256 * 1024;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** What is told about a file while it is read. Lines count from 1; blank lines are passed over. */
export interface CsvEvents {
  readonly onHeader: (fields: readonly string[]) => void;
  /** `lines` is more than 1 where a quoted field runs over line ends. */
  readonly onRow: (fields: readonly string[], line: number, lines: number) => void;
}

/**
 * Reads a CSV file in a stream: LF or CRLF, with or without a byte order mark or a last line end.
 * Fields are Latin-1 text, a character a byte, so that writing them as Latin-1 gives back the file's own bytes whatever its encoding.
 * Throws USAGE when there is no header, or when a quote is never closed; `shown` is the file's name in messages.
 */
export async function readCsv(path: string, shown: string, events: CsvEvents, signal?: AbortSignal): Promise<void> {
  let line = 1;
  let isHeaderRead = false;
  try {
    const start = await textStart(path);
    const source = createReadStream(path, { start, highWaterMark: READ_BYTES, signal });
    const parser = parse({
      encoding: "latin1",
      record_delimiter: ["\r\n", "\n"],
      relax_column_count: true,
      relax_quotes: true,
      max_record_size: LONGEST_ROW,
    });
    source.on("error", (error) => parser.destroy(error));
    for await (const record of source.pipe(parser)) {
      const fields = record as readonly string[];
      const lines = linesOf(fields);
      if (!isBlank(fields)) {
        if (isHeaderRead) events.onRow(fields, line, lines);
        else events.onHeader(fields);
        isHeaderRead = true;
      }
      line += lines;
    }
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw explain(error, shown);
  }
  if (!isHeaderRead) throw new StemmaError("USAGE", `${shown} is empty: its first line must name the columns.`);
}

/** One row as CSV, quoted only where it must be. */
export function csvLine(fields: readonly string[]): string {
  const plain = fields.join(",");
  // A comma, a quote or a line end inside a field shows as a comma too many, a quote or a line end in the whole.
  if (!plain.includes('"') && !plain.includes("\n") && !plain.includes("\r") && commasOf(plain) === fields.length - 1) {
    return `${plain}\n`;
  }
  return `${fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(",")}\n`;
}

/** A field as a message can show it: decoded, short, in quotes. */
export function shownField(field: string): string {
  const text = Buffer.from(field, "latin1").toString("utf8");
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

function linesOf(fields: readonly string[]): number {
  let lines = 1;
  for (const field of fields) {
    for (let at = field.indexOf("\n"); at >= 0; at = field.indexOf("\n", at + 1)) lines++;
  }
  return lines;
}

function commasOf(text: string): number {
  let commas = 0;
  for (let at = text.indexOf(","); at >= 0; at = text.indexOf(",", at + 1)) commas++;
  return commas;
}

function isBlank(fields: readonly string[]): boolean {
  return fields.length === 1 && fields[0] === "";
}

/** Where the text begins: after a byte order mark. csv-parse could skip it too, but would then read the file as UTF-8. */
async function textStart(path: string): Promise<number> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(BYTE_ORDER_MARK.length), 0, BYTE_ORDER_MARK.length, 0);
    return bytesRead === BYTE_ORDER_MARK.length && buffer.equals(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
  } finally {
    await file.close();
  }
}

function explain(error: unknown, shown: string): unknown {
  if (error instanceof StemmaError) return error;
  if (error instanceof CsvError) {
    // Rows that are parsed but not yet taken from the stream are lost with the error, so only the parser knows the line.
    const line = Number(error["records"]) + 1;
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
