/** A row of a CSV file. */
export interface CsvRow {
  readonly fields: readonly string[];
  /** The row as CSV, quoted only where it must be, with an LF at the end. */
  readonly text: string;
  /** Where it begins; lines count from 1. */
  readonly line: number;
  /** More than 1 where a quoted field runs over line ends. */
  readonly lines: number;
}

/** A line without quotes. Most such rows are good and go out as they came, so the fields are only taken apart when asked for. */
export class PlainRow implements CsvRow {
  readonly text: string;
  readonly line: number;
  readonly lines = 1;

  constructor(plain: string, line: number) {
    this.text = `${plain}\n`;
    this.line = line;
  }

  get fields(): readonly string[] {
    return this.text.slice(0, -1).split(",");
  }
}

/** A row that was taken apart by a parser. */
export function rowOf(fields: readonly string[], line: number): CsvRow {
  const joined = fields.join(",");
  // What makes quotes needed in a field shows in the whole as well, a comma as one too many.
  if (!NEEDS_QUOTES.test(joined) && joined.split(",").length === fields.length) return new PlainRow(joined, line);
  return { fields, text: quotedLine(fields), line, lines: joined.split("\n").length };
}

export function isBlank({ text }: CsvRow): boolean {
  return text === "\n";
}

const NEEDS_QUOTES = /["\r\n]/;

function quotedLine(fields: readonly string[]): string {
  return `${fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(",")}\n`;
}
