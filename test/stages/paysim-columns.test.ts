import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PlainRow, rowOf } from "../../src/stages/csv-row.ts";
import { PAYSIM_COLUMNS } from "../../src/stages/paysim.ts";
import { PaysimColumns } from "../../src/stages/paysim-columns.ts";
import { runs } from "../helpers/scale.ts";

const GOOD = new Map<string, string>([
  ["step", "1"],
  ["type", "TRANSFER"],
  ["amount", "181.0"],
  ["nameOrig", "C1"],
  ["oldbalanceOrg", "181.0"],
  ["newbalanceOrig", "0.0"],
  ["nameDest", "C9"],
  ["oldbalanceDest", "0.0"],
  ["newbalanceDest", "0.0"],
  ["isFraud", "1"],
  ["isFlaggedFraud", "0"],
]);

const headers = fc.shuffledSubarray([...PAYSIM_COLUMNS, "", "note", "constructor"], { minLength: 14 });
const odd = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    "0",
    "1",
    "2",
    "7.",
    ".5",
    ".",
    "1e7",
    "1E+07",
    "1e",
    "1.2.3",
    "-1",
    "0x10",
    "NaN",
    "1\n",
    "é",
    "x y",
    '"',
    'a"b',
    "a,b",
    "a,1",
  ),
  fc.string({ unit: fc.constantFrom("0", "1", "9", ".", "e", "E", "+", "-", ",", " ", '"', "\r", "\n"), maxLength: 6 }),
);
/** Mostly good rows, with odd things here and there, and now and then a field less. */
const rows = headers.chain((header) =>
  fc.record({
    header: fc.constant(header),
    fields: fc
      .tuple(
        fc.tuple(...header.map((name) => fc.oneof({ weight: 16, arbitrary: fc.constant(GOOD.get(name) ?? "any") }, odd))),
        fc.oneof({ weight: 4, arbitrary: fc.constant(-1) }, fc.nat(header.length - 1)),
      )
      .map(([fields, left]) => fields.filter((_, at) => at !== left)),
  }),
);

describe("a row", () => {
  test("is read the same by its text as by its fields, one by one", () => {
    let usual = 0;
    fc.assert(
      fc.property(rows, ({ header, fields }) => {
        const columns = new PaysimColumns(header, "day.csv");
        const row = rowOf(fields, 1);
        // A text that no row has, so that only the fields are left to look at.
        const byFields = columns.read({ fields, text: "", line: 1, lines: row.lines });
        expect(columns.read(row)).toEqual(byFields);
        if (!row.text.includes('"')) expect(columns.read(new PlainRow(fields.join(","), 1))).toEqual(byFields);
        if (typeof byFields !== "string") usual++;
      }),
      runs(500),
    );
    expect(usual).toBeGreaterThan(0);
  });

  test("says type, customer and fraud, wherever they are", () => {
    const header = PAYSIM_COLUMNS.toReversed();
    const fields = header.map((name) => GOOD.get(name) ?? "");
    const columns = new PaysimColumns(header, "day.csv");
    const said = { type: "TRANSFER", customer: "C1", isFraud: true };
    expect(columns.read(new PlainRow(fields.join(","), 1))).toEqual(said);
    const quoted = rowOf(fields.with(header.indexOf("nameOrig"), "Smith, J."), 1);
    expect(columns.read(quoted)).toEqual({ ...said, customer: "Smith, J." });
  });

  test("is never taken for one with more fields because of a quoted comma", () => {
    const columns = new PaysimColumns([...PAYSIM_COLUMNS, "note", "more"], "day.csv");
    const fields = [...PAYSIM_COLUMNS.map((name) => GOOD.get(name) ?? ""), "a,b"];
    expect(columns.read(rowOf(fields, 1))).toBe("12 fields instead of 13");
  });

  test("of a number without end is judged at once", () => {
    const digits = "1".repeat(8000);
    const row = new PlainRow(
      PAYSIM_COLUMNS.map((name) => (name === "amount" ? `${digits}x` : (GOOD.get(name) ?? ""))).join(","),
      1,
    );
    const columns = new PaysimColumns(PAYSIM_COLUMNS, "day.csv");
    // By trying all ways to cut the digits in two it would take minutes.
    for (let time = 0; time < 100; time++) expect(columns.read(row)).toMatch(/^amount "1{40}…" is not a number$/);
  });
});
