import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { readCsv } from "../../src/stages/csv-file.ts";
import { LONGEST_ROW, readPlainLines } from "../../src/stages/csv-plain.ts";
import type { CsvRow } from "../../src/stages/csv-row.ts";
import { runs } from "../helpers/scale.ts";

/** Text in which quotes, commas and line ends of all kinds meet; `plain` has no quotes. */
const pieces = ["a", "bc", " ", "é", ",", ",", "\n", "\n", "\r\n", "\r"];
const plain = fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((parts) => parts.join(""));
const quoted = fc
  .array(fc.constantFrom('"', '""', ',"', '",', '"\n', ...pieces), { maxLength: 40 })
  .map((parts) => parts.join(""));

/** What csv-parse alone makes of a text, or undefined where it cannot read it. */
function parseAlone(text: Buffer): string[][] | undefined {
  try {
    return parse(text, {
      encoding: "latin1",
      record_delimiter: ["\r\n", "\n"],
      relax_column_count: true,
      relax_quotes: true,
      max_record_size: LONGEST_ROW,
    });
  } catch {
    return undefined;
  }
}

/** The text in portions that are cut at these places. */
async function* inPortions(text: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).toSorted((a, b) => a - b), text.length];
  for (const [at, begin] of places.slice(0, -1).entries()) yield text.subarray(begin, places[at + 1]);
}

describe("plain lines", () => {
  test("and what csv-parse makes of the rest are what it makes of the whole, wherever the text is cut", async () => {
    const cuts = fc.array(fc.nat(100), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(plain, quoted, cuts, async (before, after, at) => {
        const text = Buffer.from(before + after);
        const lines: string[] = [];
        const { bytes, isAll } = await readPlainLines(inPortions(text, at), (line) => lines.push(line));
        const rest = parseAlone(text.subarray(bytes));
        expect(rest && [...lines.map((line) => line.split(",")), ...rest]).toEqual(parseAlone(text));
        expect(isAll).toBe(!text.includes('"'));
        expect(bytes === text.length || !isAll).toBe(true);
      }),
      runs(500),
    );
  });

  test("end before an overlong one, be it whole or not", async () => {
    for (const [cut, end] of [
      [[], "\n"],
      [[LONGEST_ROW + 10], "\n"],
      [[], ""],
    ] as const) {
      const lines: string[] = [];
      const text = Buffer.from(`a\n${"b".repeat(LONGEST_ROW)}\n${"c".repeat(LONGEST_ROW + 1)}${end}`);
      const { bytes, isAll } = await readPlainLines(inPortions(text, cut), (line) => lines.push(line));
      expect(lines).toEqual(["a", "b".repeat(LONGEST_ROW)]);
      expect({ bytes, isAll }).toEqual({ bytes: LONGEST_ROW + 3, isAll: false });
    }
  });
});

describe("a CSV file", () => {
  const folder = mkdtempSync(join(tmpdir(), "stemma-csv-"));
  const path = join(folder, "table.csv");
  afterAll(() => rmSync(folder, { recursive: true }));

  async function read(content: string | Buffer): Promise<CsvRow[]> {
    writeFileSync(path, content);
    const rows: CsvRow[] = [];
    const add = ({ fields, text, line, lines }: CsvRow): unknown => rows.push({ fields, text, line, lines });
    await readCsv(path, "table.csv", { onHeader: add, onRow: add });
    return rows;
  }

  test("has the rows that csv-parse finds, but for blank ones, each with a text that says the same and its line", async () => {
    await fc.assert(
      fc.asyncProperty(plain, quoted, async (before, after) => {
        const text = Buffer.from(`head\n${before}${after}`);
        const expected = parseAlone(text)?.filter((fields) => fields.length > 1 || fields[0] !== "");
        const rows = await read(text).catch(() => undefined);
        expect(rows?.map(({ fields }) => fields)).toEqual(expected);
        const lines = text.toString("latin1").split(/(?<=\n)/);
        for (const { fields, text: own, line, lines: count } of rows ?? []) {
          expect(parse(Buffer.from(own, "latin1"), { encoding: "latin1", record_delimiter: "\n", relax_quotes: false })).toEqual([
            fields,
          ]);
          const source = lines.slice(line - 1, line - 1 + count).join("");
          expect(parseAlone(Buffer.from(source, "latin1"))).toEqual([fields]);
        }
      }),
      runs(300),
    );
  });

  test.each([0, 1, 255 * 1024, 256 * 1024 - 1, 256 * 1024, 700 * 1024])(
    "is read like that when its first quote comes after %d bytes",
    async (bytes) => {
      const text = `head,2\n${"a,b\n".repeat(bytes / 4).padEnd(bytes, "x")}"q,1",2\n${"c,d\r\n".repeat(5)}`;
      const rows = await read(text);
      expect(rows.map(({ fields }) => fields)).toEqual(parseAlone(Buffer.from(text)));
      expect(rows.at(-1)).toEqual({ fields: ["c", "d"], text: "c,d\n", line: rows.length, lines: 1 });
    },
  );
});
