import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parse } from "csv-parse/sync";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bucketOf } from "../../src/stages/customers.ts";
import { paysimText } from "../../src/stages/paysim.ts";
import { rows as scaled } from "../helpers/scale.ts";
import { CASH_OUT, HEADER, PAYMENT, SplitFolder, TRANSFER } from "./split-folder.ts";

let folder: SplitFolder;
beforeEach(async () => {
  folder = await SplitFolder.make();
});
afterEach(() => folder.remove());

function table(rows: number, seed: number): Buffer {
  return Buffer.concat([...paysimText({ rows, seed })]);
}

describe("rows", () => {
  test("of the wanted types are kept as they are, under the header", async () => {
    await folder.writeRaw("day.csv", `${[HEADER, TRANSFER, PAYMENT, CASH_OUT].join("\n")}\n`);
    const { summary } = await folder.split();
    expect(await folder.written()).toEqual({ "bucket-00/day.csv": `${[HEADER, TRANSFER, CASH_OUT].join("\n")}\n` });
    expect(summary).toEqual({ rows: 3, kept: 2, bad: 0, filesRead: 1, filesWritten: 1 });
  });

  test("of other types are kept when asked for", async () => {
    await folder.writeRaw("day.csv", `${[HEADER, TRANSFER, PAYMENT].join("\n")}\n`);
    await folder.split({ types: ["PAYMENT"] });
    expect(await folder.written()).toEqual({ "bucket-00/day.csv": `${HEADER}\n${PAYMENT}\n` });
  });

  test("replace what an earlier split left in the same files", async () => {
    await folder.writeRaw("day.csv", `${HEADER}\n${TRANSFER}\n`);
    await folder.split();
    await folder.split();
    expect(await folder.written()).toEqual({ "bucket-00/day.csv": `${HEADER}\n${TRANSFER}\n` });
  });

  test("of one customer are in one bucket, and all buckets together have every kept row once", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 1, max: 20 }),
        async (seed, rows, buckets) => {
          await folder.clear();
          const text = table(rows, seed).toString();
          await folder.writeRaw("day.csv", text);
          const { summary } = await folder.split({ by: { buckets } });
          const wanted = text.split("\n").filter((line) => /^\d+,(TRANSFER|CASH_OUT),/.test(line));
          const files = Object.values(await folder.written());
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

  test("of a large table come through in their order, into more buckets than files may be open", async () => {
    const text = table(scaled(30_000), 3).toString();
    await folder.writeRaw("day.csv", text);
    const { summary } = await folder.split({ by: { buckets: 3000 } });
    const files = await folder.written();
    const rows = Object.values(files).flatMap((file) => file.trimEnd().split("\n").slice(1));
    expect(rows).toHaveLength(summary.kept);
    expect(rows.toSorted()).toEqual(
      text
        .split("\n")
        .filter((line) => /^\d+,(TRANSFER|CASH_OUT),/.test(line))
        .toSorted(),
    );
    expect(Object.keys(files)).toHaveLength(summary.filesWritten);
    expect(summary.filesWritten).toBeGreaterThan(2000);
  });
});

test("the input's size chooses the number of buckets: all raw files together", async () => {
  // Half of 256 MiB and a little more: alone, each would be split into eight.
  const padding = "x".repeat(8000);
  const large = `${HEADER},padding\n${CASH_OUT},${padding}\n${`${PAYMENT},${padding}\n`.repeat(16_800)}`;
  await folder.writeRaw("a.csv", large);
  await folder.writeRaw("b.csv", large);
  await folder.split({ by: { buckets: undefined } });
  expect(Object.keys(await folder.written())).toEqual(["bucket-09/a.csv", "bucket-09/b.csv"]);
  expect(bucketOf("C2", 16)).toBe(9);
  expect(bucketOf("C2", 8)).toBe(1);
});

describe("raw files", () => {
  test("stay apart, also below folders; hidden files are passed over", async () => {
    await folder.writeRaw("a.csv", `${HEADER}\n${TRANSFER}\n`);
    await folder.writeRaw("deep/b.csv", `${HEADER}\n${CASH_OUT}\n`);
    await folder.writeRaw(".hidden/c.csv", "no table");
    await folder.split();
    expect(Object.keys(await folder.written())).toEqual(["bucket-00/a.csv", "bucket-00/deep/b.csv"]);
  });

  test("never write the same path, not even as datums that know nothing of each other", async () => {
    const names = ["a", "a.csv", "a.CSV", "a.raw.csv", "a.raw.csv.raw.csv"];
    for (const name of names) {
      await folder.writeRaw(name, `${HEADER}\n${TRANSFER}\n`);
      await folder.split({ from: join(folder.path, "raw", name) });
    }
    const alone = Object.keys(await folder.written());
    expect(alone).toHaveLength(names.length);
    expect(alone.every((path) => path.endsWith(".csv"))).toBe(true);
    await folder.clear();
    await folder.split();
    expect(Object.keys(await folder.written())).toEqual(alone);
  });

  test("that are not there are named", async () => {
    await expect(folder.split()).rejects.toMatchObject({ code: "NOT_FOUND" });
    await folder.writeRaw(".hidden.csv", "");
    await expect(folder.split()).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("no file to read") as string,
    });
  });

  test("cannot be split where a file is in the way", async () => {
    await folder.writeRaw("day.csv", `${HEADER}\n${TRANSFER}\n`);
    await writeFile(join(folder.path, "out"), "");
    await expect(folder.split()).rejects.toMatchObject({
      code: "FAILED",
      message: expect.stringContaining("cannot write") as string,
    });
  });
});

describe("by customer", () => {
  test("each customer has a folder", async () => {
    await folder.writeRaw("day.csv", `${HEADER}\n${TRANSFER}\n${CASH_OUT}\n${PAYMENT}\n${TRANSFER}\n`);
    await folder.split({ by: { customers: undefined } });
    expect(await folder.written()).toEqual({
      "C1/day.csv": `${HEADER}\n${TRANSFER}\n${TRANSFER}\n`,
      "C2/day.csv": `${HEADER}\n${CASH_OUT}\n`,
    });
  });

  test("a subsample is half with fraud, is the same each time, and has all rows of its customers", async () => {
    const text = table(2000, 1).toString();
    await folder.writeRaw("a.csv", text);
    await folder.writeRaw("b.csv", `${HEADER}\n`);
    const { summary } = await folder.split({ by: { customers: 50 } });
    const first = await folder.written();
    const customers = new Set(Object.keys(first).map(dirname));
    const frauds = Object.values(first).filter((file) => /,1,[01]\n/.test(file));
    expect(customers.size).toBe(50);
    expect(frauds).toHaveLength(25);
    expect(summary.filesWritten).toBe(50);
    for (const [path, file] of Object.entries(first)) {
      const own = text
        .split("\n")
        .filter((line) => /^\d+,(TRANSFER|CASH_OUT),/.test(line) && line.includes(`,${dirname(path)},`));
      expect(file).toBe(`${[HEADER, ...own].join("\n")}\n`);
    }
    await folder.clear();
    await folder.split({ by: { customers: 50 } });
    expect(await folder.written()).toEqual(first);
  });

  test("a customer with a fraud in any row counts as one with fraud", async () => {
    const honest = TRANSFER.replace(/1,0$/, "0,0");
    await folder.writeRaw("day.csv", `${HEADER}\n${honest}\n${CASH_OUT}\n${CASH_OUT.replace("C2", "C3")}\n${TRANSFER}\n`);
    await folder.split({ by: { customers: 2 } });
    const files = await folder.written();
    expect(files["C1/day.csv"]).toBe(`${HEADER}\n${honest}\n${TRANSFER}\n`);
    expect(Object.keys(files)).toHaveLength(2);
  });
});

test.each([
  ["plain lines", ""],
  ["quoted lines", '"'],
])("a split of %s that is called off stops and leaves nothing", async (_, quote) => {
  await folder.writeRaw("day.csv", table(20_000, 1).toString().replace("\n", `\n${quote}malformed${quote}\n`));
  const abort = new AbortController();
  const reason = new Error("called off");
  await expect(folder.split({ onBad: () => abort.abort(reason), signal: abort.signal })).rejects.toBe(reason);
  expect(await folder.written()).toEqual({});
});
