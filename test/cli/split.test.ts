import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PAYSIM_COLUMNS, paysimText } from "../../src/stages/paysim.ts";
import { type CommandResult, stemma } from "./terminal.ts";

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "stemma-split-cli-"));
  await writeFile(join(cwd, "day.csv"), Buffer.concat([...paysimText({ rows: 2000, seed: 1 })]));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

function run(...argv: string[]): Promise<CommandResult> {
  return runWith({}, ...argv);
}

function runWith(env: Record<string, string>, ...argv: string[]): Promise<CommandResult> {
  return stemma(["split", ...argv], { cwd, env });
}

describe("stemma split", () => {
  test("splits into eight buckets unless told, and sums up in one line", async () => {
    const { code, out, err } = await run("--in", "day.csv", "--out", "chunks");
    expect({ code, out }).toEqual({ code: 0, out: "" });
    expect(err).toMatch(/^split: read 2000 rows of 1 file, kept \d+, bad 0, wrote 8 files\n$/);
    expect((await readdir(join(cwd, "chunks"))).toSorted()).toEqual(
      Array.from({ length: 8 }, (_, number) => `bucket-0${number}`),
    );
  });

  test("in a pipeline must be told into how many, for a datum does not know the whole table", async () => {
    const job = { PACH_JOB_ID: "2b85bf21341c4c89f3f056dc967a6144" };
    const { code, err } = await runWith(job, "--in", "day.csv", "--out", "chunks");
    expect(code).toBe(2);
    expect(err).toMatch(/^stemma: --buckets must be given in a pipeline: .* Add "--buckets", "16" .*\n$/);
    expect(await runWith(job, "--in", "day.csv", "--out", "chunks", "--buckets", "4")).toMatchObject({ code: 0 });
    expect(await readdir(join(cwd, "chunks"))).toHaveLength(4);
    expect(await runWith(job, "--in", "day.csv", "--out", "each", "--by", "customer", "--subsample", "3")).toMatchObject({
      code: 0,
    });
  });

  test("takes the number of buckets and the types", async () => {
    const { err } = await run("--in", "day.csv", "--out", "chunks", "--buckets", "2", "--types", "PAYMENT, CASH_IN");
    expect(err).toMatch(/wrote 2 files\n$/);
  });

  test("makes folders of some customers", async () => {
    await run("--in", "day.csv", "--out", "chunks", "--by", "customer", "--subsample", "6");
    const folders = await readdir(join(cwd, "chunks"));
    expect(folders).toHaveLength(6);
    expect(folders.every((folder) => /^C\d+$/.test(folder))).toBe(true);
  });

  test("names the first twenty malformed rows, and counts the rest", async () => {
    await writeFile(join(cwd, "day.csv"), `${PAYSIM_COLUMNS.join(",")}\n${"x\n".repeat(30)}`);
    const { code, err } = await run("--in", "day.csv", "--out", "chunks");
    const lines = err.trimEnd().split("\n");
    expect(code).toBe(0);
    expect(lines[0]).toBe(`split: ${join(cwd, "day.csv")}:2: 1 fields instead of 11`);
    expect(lines).toHaveLength(22);
    expect(lines.slice(20)).toEqual([
      "split: further malformed rows are only counted",
      "split: read 30 rows of 1 file, kept 0, bad 30, wrote 0 files",
    ]);
  });

  test("fails in one line past the limit of malformed rows", async () => {
    await writeFile(join(cwd, "day.csv"), `${PAYSIM_COLUMNS.join(",")}\nx\n`);
    const { code, err } = await run("--in", "day.csv", "--out", "chunks", "--max-bad", "0");
    expect(code).toBe(1);
    expect(err.split("\n").at(-2)).toBe(
      "stemma: 1 malformed rows, and --max-bad allows 0. Mend the rows, or raise --max-bad to leave them out.",
    );
  });

  test.each([
    [["--in", "day.csv"], "required option '--out <folder>' not specified"],
    [["--in", "day.csv", "--out", "o", "--buckets", "0"], '--buckets is "0", but must be a whole number of at least 1.'],
    [
      ["--in", "day.csv", "--out", "o", "--types", "TRANSFER,LOAN"],
      '--types has "LOAN", but must name some of CASH_IN, CASH_OUT',
    ],
    [["--in", "day.csv", "--out", "o", "--by", "colour"], '--by is "colour", but must be bucket or customer.'],
    [["--in", "day.csv", "--out", "o", "--subsample", "3"], "--subsample needs --by customer."],
    [["--in", "day.csv", "--out", "o", "--by", "customer", "--buckets", "3"], "--buckets does not go with --by customer."],
  ])("refuses %j in one line", async (argv, message) => {
    const { code, err } = await run(...argv);
    expect(code).toBe(2);
    expect(err).toContain(`stemma: ${message}`);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
  });

  test("says in one line which column of which file is missing", async () => {
    await writeFile(join(cwd, "day.csv"), "step,type\n");
    const { code, err } = await run("--in", "day.csv", "--out", "chunks");
    expect(code).toBe(2);
    expect(err).toMatch(/^stemma: .*day\.csv has no column amount, nameOrig, .*: its first line is step,type\.\n$/);
  });

  test("says in one line that a file is not there", async () => {
    const { code, err } = await run("--in", "nothing.csv", "--out", "chunks");
    expect(code).toBe(3);
    expect(err).toMatch(/^stemma: no file or folder .*nothing\.csv\.\n$/);
  });
});
