import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PAYSIM_COLUMNS } from "../../src/stages/paysim.ts";
import { rows as scaled } from "../helpers/scale.ts";
import { CASH_OUT, HEADER, PAYMENT, SplitFolder, TRANSFER } from "./split-folder.ts";

// What the split stage makes of every kind of odd input: right, left out and told, or refused by name.

const BOM = "\u{FEFF}";
const QUOTED = `"${TRANSFER.replaceAll(",", '","')}"`;

let folder: SplitFolder;
beforeEach(async () => {
  folder = await SplitFolder.make();
});
afterEach(() => folder.remove());

describe("read like any other file, though it has", () => {
  test.each([
    ["a byte order mark", `${BOM}${HEADER}\n${TRANSFER}\n${CASH_OUT}\n`],
    ["CRLF line ends", `${HEADER}\r\n${TRANSFER}\r\n${CASH_OUT}\r\n`],
    ["a byte order mark and CRLF", `${BOM}${HEADER}\r\n${TRANSFER}\r\n${CASH_OUT}\r\n`],
    ["line ends of both kinds", `${HEADER}\r\n${TRANSFER}\n${CASH_OUT}\r\n`],
    ["no line end at the end", `${HEADER}\n${TRANSFER}\n${CASH_OUT}`],
    ["CRLF, and no line end at the end", `${HEADER}\r\n${TRANSFER}\r\n${CASH_OUT}`],
    ["blank lines", `\n${HEADER}\n\n${TRANSFER}\n\n\n${CASH_OUT}\n\n`],
    ["blank lines with CRLF", `\r\n${HEADER}\r\n\r\n${TRANSFER}\r\n${CASH_OUT}\r\n\r\n`],
    ["quotes where none are needed", `"${HEADER.replaceAll(",", '","')}"\n${QUOTED}\n${CASH_OUT}\n`],
    ["quotes and CRLF", `${HEADER}\r\n${QUOTED}\r\n${CASH_OUT}\r\n`],
    ["quotes and no line end at the end", `${HEADER}\n${TRANSFER}\n"${CASH_OUT.replaceAll(",", '","')}"`],
    ["a byte order mark before a quote", `${BOM}"step"${HEADER.slice(4)}\n${TRANSFER}\n${CASH_OUT}`],
  ])("%s", async (_, text) => {
    await folder.writeRaw("day.csv", text);
    const { bad } = await folder.split();
    expect(bad).toEqual([]);
    expect(await folder.written()).toEqual({ "bucket-00/day.csv": `${HEADER}\n${TRANSFER}\n${CASH_OUT}\n` });
  });
});

describe("kept byte by byte:", () => {
  const moreColumns = `x,${PAYSIM_COLUMNS.toReversed().join(",")}\n0,${TRANSFER.split(",").toReversed().join(",")}\n`;

  test.each([
    ["quoted commas", `${HEADER}\n${TRANSFER.replace("C1", '"Smith, J."')}\n`],
    ["quoted quotes", `${HEADER}\n${TRANSFER.replace("C1", '"Smith ""Jo"""')}\n`],
    ["UTF-8", Buffer.from(`${HEADER}\n${TRANSFER.replace("C9", "Ç9")}\n`, "utf8")],
    ["Latin-1", Buffer.from(`${HEADER}\n${TRANSFER.replace("C9", "Ç9")}\n`, "latin1")],
    ["Latin-1 in quotes", Buffer.from(`${HEADER}\n${TRANSFER.replace("C9", '"Ç,9"')}\n`, "latin1")],
    ["columns in another order, and more of them", moreColumns],
    ...["1e7", "1E7", "1.5E+7", "1e-3", ".5", "5.", "-0.25", "+2", "7", "0007", "12345678901234567890.123"].map(
      (number): [string, string] => [`a number like ${number}`, `${HEADER}\n${TRANSFER.replace("181.0", number)}\n`],
    ),
  ])("%s", async (_, text) => {
    await folder.writeRaw("day.csv", text);
    const { bad } = await folder.split();
    expect(bad).toEqual([]);
    expect(await folder.written()).toEqual({ "bucket-00/day.csv": Buffer.from(text).toString("latin1") });
  });
});

test("half a line end inside a name comes out in quotes, for some readers take it for a whole one", async () => {
  await folder.writeRaw("day.csv", `${HEADER}\n${TRANSFER.replace("C9", "C\r9")}\n${CASH_OUT}\n`);
  await folder.split();
  expect(await folder.written()).toEqual({
    "bucket-00/day.csv": `${HEADER}\n${TRANSFER.replace("C9", '"C\r9"')}\n${CASH_OUT}\n`,
  });
});

describe("a malformed row is left out, counted, and told with its line:", () => {
  test.each([
    ["too few fields", "1,TRANSFER,181.0", "3 fields instead of 11"],
    ["too many fields", `${TRANSFER},9`, "12 fields instead of 11"],
    ["a space for a row", " ", "1 fields instead of 11"],
    ["words for an amount", TRANSFER.replace("181.0", "abc"), 'amount "abc" is not a number'],
    ["a decimal comma", TRANSFER.replace("181.0", '"181,0"'), 'amount "181,0" is not a number'],
    ["nothing for a balance", "1,TRANSFER,181.0,C1,,0.0,C9,0.0,0.0,1,0", 'oldbalanceOrg "" is not a number'],
    ["no finite number", TRANSFER.replace("181.0", "NaN"), 'amount "NaN" is not a number'],
    ["a hexadecimal number", TRANSFER.replace("181.0", "0x10"), 'amount "0x10" is not a number'],
    ["a space before a number", TRANSFER.replace("181.0", " 181.0"), 'amount " 181.0" is not a number'],
    ["half a step", TRANSFER.replace(/^1/, "1.5"), 'step "1.5" is not a whole number'],
    ["another flag", TRANSFER.replace(/1,0$/, "2,0"), 'isFraud "2" is neither 0 nor 1'],
    ["half a line end", `${TRANSFER}\r${CASH_OUT}`, "21 fields instead of 11"],
    ["half a line end in quotes", TRANSFER.replace("181.0", '"181.0\r"'), 'amount "181.0\\r" is not a number'],
    ["no customer", TRANSFER.replace("C1", ""), 'nameOrig "" is missing'],
    ["no type", TRANSFER.replace("TRANSFER", ""), 'type "" is missing'],
    ["the header again", HEADER, 'step "step" is not a whole number'],
  ])("%s", async (_, row, trouble) => {
    await folder.writeRaw("day.csv", `${HEADER}\n${CASH_OUT}\n\n${row}\n${CASH_OUT}\n`);
    const { summary, bad } = await folder.split();
    expect(bad).toEqual([`day.csv:4: ${trouble}`]);
    expect(summary).toMatchObject({ rows: 3, kept: 2, bad: 1 });
    expect(await folder.written()).toEqual({ "bucket-00/day.csv": `${HEADER}\n${CASH_OUT}\n${CASH_OUT}\n` });
  });

  test.each([
    ["plain", TRANSFER],
    ["quoted", QUOTED],
  ])("half a line end at the end of the file, %s", async (_, row) => {
    await folder.writeRaw("day.csv", `${HEADER}\r\n${CASH_OUT}\r\n${row}\r`);
    expect((await folder.split()).bad).toEqual([
      expect.stringMatching(/^day\.csv:3: isFlaggedFraud ".*\\r" is neither 0 nor 1$/),
    ]);
  });

  test("rows that a stray quote has glued together count line by line", async () => {
    await folder.writeRaw("day.csv", `${HEADER}\n1,"TRANSFER,181.0\n${TRANSFER}\n2,CASH_OUT",5.25\n${CASH_OUT}\nx\n`);
    const { summary, bad } = await folder.split();
    expect(bad).toEqual(["day.csv:2: a quoted field runs over 3 lines", "day.csv:6: 1 fields instead of 11"]);
    expect(summary).toMatchObject({ rows: 5, kept: 1, bad: 4 });
  });

  test.each([
    ["plain", "x"],
    ["quoted", '"x"'],
  ])("too many of them, %s, fail the stage and leave nothing", async (_, row) => {
    await folder.writeRaw("a.csv", `${HEADER}\n${TRANSFER}\n`);
    await folder.writeRaw("day.csv", `${HEADER}\n${TRANSFER}\n${row}\n${row}\n${row}\n`);
    await expect(folder.split({ maxBad: 2 })).rejects.toMatchObject({
      code: "FAILED",
      message: "3 malformed rows, and --max-bad allows 2.",
    });
    expect(await folder.written()).toEqual({});
    expect((await folder.split({ maxBad: 3 })).summary).toMatchObject({ kept: 2, bad: 3 });
  });
});

describe("refused in one line that names file and place, leaving nothing:", () => {
  test.each([
    ["an empty file", "", "is empty: its first line must name the columns"],
    ["a byte order mark and nothing else", BOM, "is empty"],
    ["blank lines only", "\n\n", "is empty"],
    ["a column missing", `${HEADER.replace("amount,", "")}\n`, "has no column amount: its first line is step,type,nameOrig"],
    ["two columns missing", `${HEADER.replace("amount,", "").replace(",isFraud", "")}\n`, "no column amount, isFraud"],
    ["a column twice", `${HEADER},amount\n`, "has the column amount twice"],
    ["no header", `${TRANSFER}\n${CASH_OUT}\n`, "is no CSV of PaySim's shape"],
    ["semicolons", `${HEADER}\n${TRANSFER}\n`.replaceAll(",", ";"), "is no CSV of PaySim's shape"],
    ["UTF-16", Buffer.from(`${BOM}${HEADER}\n`, "utf16le"), "is no CSV of PaySim's shape"],
    ["no text", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3]), "is no CSV of PaySim's shape"],
    ["a quote never closed", `${HEADER}\n${TRANSFER}\n\n1,"TRANSFER,1.0\n${CASH_OUT}\n`, "line 4: a quote is opened here"],
    [
      "a quote never closed after one over two lines",
      `${HEADER}\n1,"TRANSFER\n",1.0\n1,"TRANSFER,1.0\n${CASH_OUT}\n`,
      "line 4: a quote is opened here",
    ],
    [
      "a quote never closed, far from the end",
      `${HEADER}\n${TRANSFER}\n1,"TRANSFER,1.0\n${`${CASH_OUT}\n`.repeat(500)}`,
      "line 3: a row longer than 8192 characters begins here",
    ],
    [
      "an endless line",
      `${HEADER}\n${TRANSFER}\n${"1,".repeat(400_000)}`,
      "line 3: a row longer than 8192 characters begins here",
    ],
  ])("%s", async (_, content, message) => {
    await folder.writeRaw("a.csv", `${HEADER}\n${TRANSFER}\n`);
    await folder.writeRaw("day.csv", content);
    const refused = await folder.split().catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "USAGE", message: expect.stringContaining(message) as string });
    expect((refused as Error).message).toContain(join(folder.path, "raw", "day.csv"));
    expect((refused as Error).message).not.toContain("\n");
    expect(await folder.written()).toEqual({});
  });
});

describe("nothing to keep", () => {
  test.each([
    ["a header and nothing else", `${HEADER}\n`, 0],
    ["a header without a line end", HEADER, 0],
    ["other types only", `${HEADER}\n${PAYMENT}\n`, 1],
  ])("%s makes no file, and is no trouble", async (_, text, rows) => {
    await folder.writeRaw("day.csv", text);
    const { summary } = await folder.split();
    expect(await folder.written()).toEqual({});
    expect(summary).toEqual({ rows, kept: 0, bad: 0, filesRead: 1, filesWritten: 0 });
  });

  test("a bucket with no rows has no folder, and a raw file with none for a bucket no file there", async () => {
    await folder.writeRaw("a.csv", `${HEADER}\n${TRANSFER}\n`);
    await folder.writeRaw("b.csv", `${HEADER}\n${TRANSFER}\n${CASH_OUT}\n`);
    await folder.split({ by: { buckets: 64 } });
    const files = await folder.written();
    expect(Object.keys(files).map((path) => path.split("/")[1])).toEqual(["a.csv", "b.csv", "b.csv"]);
    expect(new Set(Object.keys(files).map((path) => path.split("/")[0])).size).toBe(2);
  });
});

test("one customer may have all the rows", async () => {
  const rows = scaled(20_000);
  const text = `${HEADER}\n${`${TRANSFER}\n${CASH_OUT.replace("C2", "C1")}\n`.repeat(rows / 2)}`;
  await folder.writeRaw("day.csv", text);
  const { summary } = await folder.split({ by: { buckets: 8 } });
  expect(summary).toMatchObject({ kept: 2 * Math.floor(rows / 2), filesWritten: 1 });
  const [written] = Object.values(await folder.written());
  // Compared as one word, for a difference of a million rows would take minutes to print.
  expect(written === text).toBe(true);
});
