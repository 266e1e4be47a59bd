import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse } from "csv-parse/sync";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FRAUD_TYPES, PAYSIM_COLUMNS, paysimText } from "../../src/stages/paysim.ts";
import { type SplitOptions, type SplitSummary, splitTables } from "../../src/stages/split.ts";
import { rows as scaled } from "../helpers/scale.ts";

const HEADER = PAYSIM_COLUMNS.join(",");
const TRANSFER = "1,TRANSFER,181.0,C1,181.0,0.0,C9,0.0,0.0,1,0";
const CASH_OUT = "2,CASH_OUT,5.25,C2,10.0,4.75,C9,0.0,5.25,0,0";
const PAYMENT = "3,PAYMENT,9839.64,C3,170136.0,160296.36,M1,0.0,0.0,0,0";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "stemma-split-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function writeRaw(name: string, content: string | Buffer): Promise<void> {
  const path = join(folder, "raw", name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

interface Split {
  readonly summary: SplitSummary;
  readonly bad: readonly string[];
}

async function split(options: Partial<SplitOptions> = {}): Promise<Split> {
  const bad: string[] = [];
  const summary = await splitTables({
    from: join(folder, "raw"),
    to: join(folder, "out"),
    types: FRAUD_TYPES,
    by: { buckets: 1 },
    maxBad: 100,
    onBad: (where, trouble) => bad.push(`${where.slice(join(folder, "raw/").length)}: ${trouble}`),
    ...options,
  });
  return { summary, bad };
}

/** What is in the output: path below it and content. */
async function written(): Promise<Record<string, string>> {
  const out = join(folder, "out");
  const entries = await readdir(out, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const contents = files.toSorted().map(async (file) => [file.slice(out.length + 1), await readFile(file, "latin1")] as const);
  return Object.fromEntries(await Promise.all(contents));
}

describe("rows", () => {
  test("of the wanted types are kept as they are, under the header", async () => {
    await writeRaw("day.csv", `${[HEADER, TRANSFER, PAYMENT, CASH_OUT].join("\n")}\n`);
    const { summary } = await split();
    expect(await written()).toEqual({ "bucket-00/day.csv": `${[HEADER, TRANSFER, CASH_OUT].join("\n")}\n` });
    expect(summary).toEqual({ rows: 3, kept: 2, bad: 0, filesRead: 1, filesWritten: 1 });
  });

  test("of other types are kept when asked for", async () => {
    await writeRaw("day.csv", `${[HEADER, TRANSFER, PAYMENT].join("\n")}\n`);
    await split({ types: ["PAYMENT"] });
    expect(await written()).toEqual({ "bucket-00/day.csv": `${HEADER}\n${PAYMENT}\n` });
  });

  test("of two files stay in two files, also below folders; hidden files are passed over", async () => {
    await writeRaw("a", `${HEADER}\n${TRANSFER}\n`);
    await writeRaw("deep/b.csv", `${HEADER}\n${CASH_OUT}\n`);
    await writeRaw(".hidden/c.csv", "no table");
    await split();
    expect(Object.keys(await written())).toEqual(["bucket-00/a.csv", "bucket-00/deep/b.csv"]);
  });

  test("replace what an earlier split left in the same files", async () => {
    await writeRaw("day.csv", `${HEADER}\n${TRANSFER}\n`);
    await split();
    await split();
    expect(await written()).toEqual({ "bucket-00/day.csv": `${HEADER}\n${TRANSFER}\n` });
  });

  test("of one customer are in one bucket, and all buckets together have every kept row once", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 1, max: 20 }),
        async (seed, rows, buckets) => {
          await rm(join(folder, "out"), { recursive: true, force: true });
          const text = Buffer.concat([...paysimText({ rows, seed })]).toString();
          await writeRaw("day.csv", text);
          const { summary } = await split({ by: { buckets } });
          const wanted = text.split("\n").filter((line) => /^\d+,(TRANSFER|CASH_OUT),/.test(line));
          const files = Object.values(await written());
          expect(files.every((file) => file.startsWith(`${HEADER}\n`) && file.length > HEADER.length + 1)).toBe(true);
          expect(files.flatMap((file) => file.trimEnd().split("\n").slice(1)).toSorted()).toEqual(wanted.toSorted());
          const places = files.flatMap((file) => [...new Set(parse(file, { from_line: 2 }).map((row) => row[3]))]);
          expect(new Set(places).size).toBe(places.length);
          expect(summary).toMatchObject({ rows, kept: wanted.length, bad: 0, filesWritten: files.length });
        },
      ),
      { numRuns: 15 },
    );
  });

  test("of a large table come through, and more buckets than files may be open", async () => {
    const rows = scaled(30_000);
    await writeRaw("day.csv", Buffer.concat([...paysimText({ rows, seed: 3 })]));
    const { summary } = await split({ by: { buckets: 3000 } });
    const files = await written();
    const kept = Object.values(files).reduce((sum, file) => sum + file.split("\n").length - 2, 0);
    expect(kept).toBe(summary.kept);
    expect(Object.keys(files)).toHaveLength(summary.filesWritten);
    expect(summary.filesWritten).toBeGreaterThan(2000);
  });
});

describe("odd files", () => {
  const BOM = "\u{FEFF}";
  const plain = { "bucket-00/day.csv": `${HEADER}\n${TRANSFER}\n${CASH_OUT}\n` };

  test.each([
    ["a byte order mark", `${BOM}${HEADER}\n${TRANSFER}\n${CASH_OUT}\n`],
    ["CRLF line ends", `${HEADER}\r\n${TRANSFER}\r\n${CASH_OUT}\r\n`],
    ["a byte order mark and CRLF", `${BOM}${HEADER}\r\n${TRANSFER}\r\n${CASH_OUT}\r\n`],
    ["line ends of both kinds", `${HEADER}\r\n${TRANSFER}\n${CASH_OUT}\r\n`],
    ["no line end at the end", `${HEADER}\n${TRANSFER}\n${CASH_OUT}`],
    ["blank lines", `\n${HEADER}\n\n${TRANSFER}\n\n\n${CASH_OUT}\n\n`],
    ["quotes where none are needed", `"${HEADER.replaceAll(",", '","')}"\n"${TRANSFER.replaceAll(",", '","')}"\n${CASH_OUT}\n`],
  ])("with %s are read like any other", async (_, text) => {
    await writeRaw("day.csv", text);
    const { bad } = await split();
    expect(bad).toEqual([]);
    expect(await written()).toEqual(plain);
  });

  test("with commas and quotes inside names come out quoted", async () => {
    const row = '1,TRANSFER,181.0,"Smith, ""Jo""",181.0,0.0,C9,0.0,0.0,1,0';
    await writeRaw("day.csv", `${HEADER}\n${row}\n`);
    await split();
    expect(await written()).toEqual({ "bucket-00/day.csv": `${HEADER}\n${row}\n` });
  });

  test("in another encoding keep their bytes", async () => {
    const text = Buffer.from(`${HEADER}\n${TRANSFER.replace("C9", "Ç9")}\n`, "latin1");
    await writeRaw("day.csv", text);
    await split();
    expect(await written()).toEqual({ "bucket-00/day.csv": text.toString("latin1") });
  });

  test("with columns in another order, and with more columns, are kept like that", async () => {
    const text = `x,${PAYSIM_COLUMNS.toReversed().join(",")}\n0,${TRANSFER.split(",").toReversed().join(",")}\n`;
    await writeRaw("day.csv", text);
    await split();
    expect(await written()).toEqual({ "bucket-00/day.csv": text });
  });

  test("with a header only make no file", async () => {
    await writeRaw("day.csv", `${HEADER}\n`);
    const { summary } = await split();
    expect(await written()).toEqual({});
    expect(summary).toEqual({ rows: 0, kept: 0, bad: 0, filesRead: 1, filesWritten: 0 });
  });

  test.each([
    ["nothing in it", "", "is empty"],
    ["blank lines only", "\n\n", "is empty"],
    [
      "a column missing",
      `${HEADER.replace("amount,", "")}\n`,
      "day.csv has no column amount: its first line is step,type,nameOrig",
    ],
    ["two columns missing", `${HEADER.replace("amount,", "").replace(",isFraud", "")}\n`, "no column amount, isFraud"],
    ["a column twice", `${HEADER},amount\n`, "has the column amount twice"],
    ["no header", `${TRANSFER}\n${CASH_OUT}\n`, "is no CSV of PaySim's shape"],
    ["no text", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3]), "is no CSV of PaySim's shape"],
    ["a quote that is not closed", `${HEADER}\n${TRANSFER}\n\n1,"TRANSFER,1.0\n${CASH_OUT}\n`, "line 4: a quote is opened here"],
    [
      "a quote that is not closed far from the end",
      `${HEADER}\n${TRANSFER}\n1,"TRANSFER,1.0\n${`${CASH_OUT}\n`.repeat(500)}`,
      "line 3: a row longer than 8192 characters begins here",
    ],
  ])("with %s are refused by name, and leave nothing", async (_, content, message) => {
    await writeRaw("day.csv", content);
    await expect(split()).rejects.toMatchObject({ code: "USAGE", message: expect.stringContaining(message) as string });
    await expect(split()).rejects.toThrow(join(folder, "raw", "day.csv"));
    expect(await written()).toEqual({});
  });

  test("that are not there are named", async () => {
    await expect(split()).rejects.toMatchObject({ code: "NOT_FOUND" });
    await mkdir(join(folder, "raw"));
    await expect(split()).rejects.toMatchObject({ code: "USAGE", message: expect.stringContaining("no file to read") as string });
  });

  test("whose chunks would have one name are refused", async () => {
    await writeRaw("a", `${HEADER}\n`);
    await writeRaw("a.csv", `${HEADER}\n`);
    await expect(split()).rejects.toMatchObject({ code: "USAGE", message: expect.stringContaining("both be written") as string });
  });

  test("cannot be written where a file is in the way", async () => {
    await writeRaw("day.csv", `${HEADER}\n${TRANSFER}\n`);
    await writeFile(join(folder, "out"), "");
    await expect(split()).rejects.toMatchObject({ code: "FAILED", message: expect.stringContaining("cannot write") as string });
  });
});

describe("malformed rows", () => {
  test.each([
    ["too few fields", "1,TRANSFER,181.0", "3 fields instead of 11"],
    ["too many fields", `${TRANSFER},9`, "12 fields instead of 11"],
    ["words for an amount", TRANSFER.replace("181.0", "abc"), 'amount "abc" is not a number'],
    ["nothing for a balance", "1,TRANSFER,181.0,C1,,0.0,C9,0.0,0.0,1,0", 'oldbalanceOrg "" is not a number'],
    ["no finite number", TRANSFER.replace("181.0", "NaN"), 'amount "NaN" is not a number'],
    ["a hexadecimal number", TRANSFER.replace("181.0", "0x10"), 'amount "0x10" is not a number'],
    ["half a step", TRANSFER.replace(/^1/, "1.5"), 'step "1.5" is not a whole number'],
    ["another flag", TRANSFER.replace(/1,0$/, "2,0"), 'isFraud "2" is neither 0 nor 1'],
    ["no customer", TRANSFER.replace("C1", ""), 'nameOrig "" is missing'],
    ["no type", TRANSFER.replace("TRANSFER", ""), 'type "" is missing'],
  ])("with %s are left out, counted and told with their line", async (_, row, trouble) => {
    await writeRaw("day.csv", `${HEADER}\n${CASH_OUT}\n\n${row}\n${CASH_OUT}\n`);
    const { summary, bad } = await split();
    expect(bad).toEqual([`day.csv:4: ${trouble}`]);
    expect(summary).toMatchObject({ rows: 3, kept: 2, bad: 1 });
    expect(await written()).toEqual({ "bucket-00/day.csv": `${HEADER}\n${CASH_OUT}\n${CASH_OUT}\n` });
  });

  test.each(["1e3", "1.5E+7", ".5", "5.", "-0.25", "+2", "7"])("do not include numbers such as %s", async (number) => {
    await writeRaw("day.csv", `${HEADER}\n${TRANSFER.replace("181.0", number)}\n`);
    expect((await split()).summary).toMatchObject({ kept: 1, bad: 0 });
  });

  test("that a stray quote has glued together count line by line", async () => {
    await writeRaw("day.csv", `${HEADER}\n1,"TRANSFER,181.0\n${TRANSFER}\n2,CASH_OUT",5.25\n${CASH_OUT}\n`);
    const { summary, bad } = await split();
    expect(bad).toEqual(["day.csv:2: a quoted field runs over 3 lines"]);
    expect(summary).toMatchObject({ rows: 4, kept: 1, bad: 3 });
  });

  test("fail the stage when there are more than the limit, and leave nothing", async () => {
    await writeRaw("day.csv", `${HEADER}\n${TRANSFER}\nx\nx\nx\n`);
    await expect(split({ maxBad: 2 })).rejects.toMatchObject({
      code: "FAILED",
      message: "3 malformed rows, and --max-bad allows 2.",
    });
    expect(await written()).toEqual({});
    expect((await split({ maxBad: 3 })).summary).toMatchObject({ kept: 1, bad: 3 });
  });
});

describe("by customer", () => {
  test("each customer has a folder", async () => {
    await writeRaw("day.csv", `${HEADER}\n${TRANSFER}\n${CASH_OUT}\n${PAYMENT}\n${TRANSFER}\n`);
    await split({ by: { customers: undefined } });
    expect(await written()).toEqual({
      "C1/day.csv": `${HEADER}\n${TRANSFER}\n${TRANSFER}\n`,
      "C2/day.csv": `${HEADER}\n${CASH_OUT}\n`,
    });
  });

  test("a subsample is half with fraud, is the same each time, and has all rows of its customers", async () => {
    await writeRaw("a.csv", Buffer.concat([...paysimText({ rows: 2000, seed: 1 })]));
    await writeRaw("b.csv", `${HEADER}\n`);
    const { summary } = await split({ by: { customers: 50 } });
    const first = await written();
    const customers = new Set(Object.keys(first).map(dirname));
    const frauds = Object.values(first).filter((file) => /,1,[01]\n/.test(file));
    expect(customers.size).toBe(50);
    expect(frauds).toHaveLength(25);
    expect(summary.filesWritten).toBe(50);
    await rm(join(folder, "out"), { recursive: true });
    await split({ by: { customers: 50 } });
    expect(await written()).toEqual(first);
  });

  test("a customer with a fraud in any row counts as one with fraud", async () => {
    const honest = TRANSFER.replace(/1,0$/, "0,0");
    await writeRaw("day.csv", `${HEADER}\n${honest}\n${CASH_OUT}\n${CASH_OUT.replace("C2", "C3")}\n${TRANSFER}\n`);
    await split({ by: { customers: 2 } });
    const files = await written();
    expect(files["C1/day.csv"]).toBe(`${HEADER}\n${honest}\n${TRANSFER}\n`);
    expect(Object.keys(files)).toHaveLength(2);
  });
});

test("a split that is called off stops and leaves nothing", async () => {
  const rows = Buffer.concat([...paysimText({ rows: 20_000, seed: 1 })]).toString();
  await writeRaw("day.csv", rows.replace("\n", "\nmalformed\n"));
  const abort = new AbortController();
  const reason = new Error("called off");
  await expect(split({ onBad: () => abort.abort(reason), signal: abort.signal })).rejects.toBe(reason);
  expect(await written()).toEqual({});
});
