import { StemmaError } from "../lineage/errors.ts";
import { shownField } from "./csv-file.ts";
import type { CsvRow } from "./csv-row.ts";
import { PAYSIM_COLUMNS } from "./paysim.ts";

/** What is asked of a field: of any, and as a pattern of those that need no quotes. */
interface Rule {
  readonly good: RegExp;
  readonly plain: string;
  readonly trouble: string;
}

const ANY_PLAIN = String.raw`[^,"\r\n]*`;
const NAME: Rule = { good: /./s, plain: String.raw`[^,"\r\n]+`, trouble: "is missing" };
const WHOLE_NUMBER = plainRule(String.raw`\d{1,9}`, "is not a whole number");
/** What Spark, Python and JavaScript all read as the same number. */
const NUMBER = plainRule(String.raw`[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?`, "is not a number");
const FLAG = plainRule("[01]", "is neither 0 nor 1");

function plainRule(plain: string, trouble: string): Rule {
  return { good: new RegExp(`^${plain}$`), plain, trouble };
}

const RULES: ReadonlyMap<string, Rule> = new Map([
  ["step", WHOLE_NUMBER],
  ["type", NAME],
  ["amount", NUMBER],
  ["nameOrig", NAME],
  ["oldbalanceOrg", NUMBER],
  ["newbalanceOrig", NUMBER],
  ["oldbalanceDest", NUMBER],
  ["newbalanceDest", NUMBER],
  ["isFraud", FLAG],
  ["isFlaggedFraud", FLAG],
] satisfies [(typeof PAYSIM_COLUMNS)[number], Rule][]);

/** What the split asks a row for. */
const ASKED = new Set(["type", "nameOrig", "isFraud"]);

export interface PaysimRow {
  readonly type: string;
  readonly customer: string;
  readonly isFraud: boolean;
}

/** Knows where a file has which column, and so can tell good rows from bad ones. */
export class PaysimColumns {
  readonly #header: readonly string[];
  readonly #rules: readonly (Rule | undefined)[];
  /** A whole good row that needs no quotes, with a group for each column that is asked for. */
  readonly #usual: RegExp;
  readonly #groups: Places;
  readonly #positions: Places;

  /** Throws USAGE naming the file and the column when one is missing; the order is free, and other columns may be there too. */
  constructor(header: readonly string[], file: string) {
    checkColumns(header, file);
    this.#header = header;
    this.#rules = header.map((name) => RULES.get(name));
    const patterns = header.map((name, at) => {
      const plain = this.#rules[at]?.plain ?? ANY_PLAIN;
      return ASKED.has(name) ? `(${plain})` : plain;
    });
    this.#usual = new RegExp(`^${patterns.join(",")}\n$`);
    this.#groups = placesIn(["", ...header.filter((name) => ASKED.has(name))]);
    this.#positions = placesIn(header);
  }

  /**
   * Reads a row, or says what is wrong with it. One pattern for the whole of the usual row takes half the time of a look at each
   * field; what does not match it, by quotes or by a fault, is looked at like that.
   */
  read(row: CsvRow): PaysimRow | string {
    const usual = this.#usual.exec(row.text);
    if (usual !== null) return rowAt(this.#groups, usual);
    const { fields } = row;
    return this.#findTrouble(row) ?? rowAt(this.#positions, fields);
  }

  #findTrouble({ fields, lines }: CsvRow): string | undefined {
    if (lines > 1) return `a quoted field runs over ${lines} lines`;
    if (fields.length !== this.#header.length) return `${fields.length} fields instead of ${this.#header.length}`;
    const at = this.#rules.findIndex((rule, place) => rule !== undefined && !rule.good.test(fields[place] ?? ""));
    return at < 0 ? undefined : `${this.#header[at]} ${shownField(fields[at] ?? "")} ${this.#rules[at]?.trouble}`;
  }
}

/** Where each of the columns that are asked for is. */
interface Places {
  readonly type: number;
  readonly customer: number;
  readonly isFraud: number;
}

function placesIn(names: readonly string[]): Places {
  return { type: names.indexOf("type"), customer: names.indexOf("nameOrig"), isFraud: names.indexOf("isFraud") };
}

function rowAt(places: Places, texts: readonly string[]): PaysimRow {
  return {
    type: texts[places.type] ?? "",
    customer: texts[places.customer] ?? "",
    isFraud: texts[places.isFraud] === "1",
  };
}

function checkColumns(header: readonly string[], file: string): void {
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
}
