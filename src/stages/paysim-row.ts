import { StemmaError } from "../lineage/errors.ts";
import { shownField } from "./csv-file.ts";
import { PAYSIM_COLUMNS } from "./paysim.ts";

type Column = (typeof PAYSIM_COLUMNS)[number];

const AMOUNTS = [
  "amount",
  "oldbalanceOrg",
  "newbalanceOrig",
  "oldbalanceDest",
  "newbalanceDest",
] as const satisfies readonly Column[];
const FLAGS = ["isFraud", "isFlaggedFraud"] as const satisfies readonly Column[];

/** What Spark, Python and JavaScript all read as the same number. */
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;
const WHOLE_NUMBER = /^\d{1,9}$/;

/** Knows where a file has which column, and so can tell good rows from bad ones. */
export class PaysimRows {
  readonly #width: number;
  readonly #type: number;
  readonly #customer: number;
  readonly #isFraud: number;
  readonly #step: number;
  readonly #amounts: readonly number[];
  readonly #flags: readonly number[];
  readonly #header: readonly string[];

  /** Throws USAGE naming the file and the column when one is missing; the order is free, and other columns may be there too. */
  constructor(header: readonly string[], file: string) {
    const positions = findColumns(header, file);
    this.#header = header;
    this.#width = header.length;
    this.#step = positions.step;
    this.#type = positions.type;
    this.#customer = positions.nameOrig;
    this.#isFraud = positions.isFraud;
    this.#amounts = AMOUNTS.map((column) => positions[column]);
    this.#flags = FLAGS.map((column) => positions[column]);
  }

  typeOf(fields: readonly string[]): string {
    return fields[this.#type] ?? "";
  }

  customerOf(fields: readonly string[]): string {
    return fields[this.#customer] ?? "";
  }

  isFraud(fields: readonly string[]): boolean {
    return fields[this.#isFraud] === "1";
  }

  /** Says what is wrong with a row, or undefined. */
  findTrouble(fields: readonly string[]): string | undefined {
    if (fields.length !== this.#width) return `${fields.length} fields instead of ${this.#width}`;
    if (!WHOLE_NUMBER.test(fields[this.#step] ?? "")) return this.#tell(fields, this.#step, "is not a whole number");
    for (const at of this.#amounts) if (!NUMBER.test(fields[at] ?? "")) return this.#tell(fields, at, "is not a number");
    for (const at of this.#flags)
      if (fields[at] !== "0" && fields[at] !== "1") return this.#tell(fields, at, "is neither 0 nor 1");
    if (this.typeOf(fields) === "") return this.#tell(fields, this.#type, "is missing");
    if (this.customerOf(fields) === "") return this.#tell(fields, this.#customer, "is missing");
    return undefined;
  }

  #tell(fields: readonly string[], at: number, trouble: string): string {
    return `${this.#header[at]} ${shownField(fields[at] ?? "")} ${trouble}`;
  }
}

function findColumns(header: readonly string[], file: string): Record<Column, number> {
  const missing = PAYSIM_COLUMNS.filter((column) => !header.includes(column));
  if (missing.length === PAYSIM_COLUMNS.length) {
    throw new StemmaError(
      "USAGE",
      `${file} is no CSV of PaySim's shape: its first line has none of the columns ${missing.join(",")}.`,
    );
  }
  if (missing.length > 0) {
    throw new StemmaError(
      "USAGE",
      `${file} has no column ${missing.join(", ")}: its first line is ${header.join(",").slice(0, 300)}.`,
    );
  }
  const twice = PAYSIM_COLUMNS.find((column) => header.indexOf(column) !== header.lastIndexOf(column));
  if (twice !== undefined) throw new StemmaError("USAGE", `${file} has the column ${twice} twice.`);
  return Object.fromEntries(PAYSIM_COLUMNS.map((column) => [column, header.indexOf(column)])) as Record<Column, number>;
}
