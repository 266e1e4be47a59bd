import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { parse } from "csv-parse/sync";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FRAUD_TYPES, paysimText } from "../../src/stages/paysim.ts";
import { splitTables } from "../../src/stages/split.ts";
import { rows as scaled } from "../helpers/scale.ts";
import { type SparkResult, submit } from "../helpers/spark.ts";

/** A program on Spark takes some ten seconds, and several times as long on a machine that is busy. */
const TIMEOUT_MS = 240_000;

const MONEY = ["amount", "oldbalanceOrg", "newbalanceOrig", "oldbalanceDest", "newbalanceDest"] as const;
const ETL_HEADER = ["nameOrig", ...MONEY.map((name) => `sum_${name}`), "sum_isFraud", "rows"];
// A name with what Spark would take for a pattern, or for an encoded character.
const ODD_NAME = "day [2], 50%.csv";
const MILLION = 1_000_000;

/** The same raw rows, cut in so many ways: into buckets, and into the files of so many days. */
const LAYOUTS = { one: [1, 1], three: [3, 2], eight: [8, 1], thirty: [1, 30] } as const;
const NAMES = Object.keys(LAYOUTS);

type Row = Readonly<Record<string, string>>;

let folder: string;
let first: SparkResult;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "stemma-spark-"));
  const [header = "", ...rows] = Buffer.concat([...paysimText({ rows: scaled(4000), seed: 1 })])
    .toString()
    .trimEnd()
    .split("\n");
  for (const [name, [buckets, days]] of Object.entries(LAYOUTS)) {
    await writeDays(join(folder, "raw", name), header, rows, days);
    const split = { from: join(folder, "raw", name), to: join(folder, "split", name), by: { buckets } };
    await splitTables({ ...split, types: FRAUD_TYPES, maxBad: 0, onBad: () => undefined });
  }
  const line = `1,TRANSFER,0.1,C1,9,8.5,C2,0,${"0".repeat(20)}7.25,1,0\n`;
  await mkdir(join(folder, "split", "odd"));
  await writeFile(join(folder, "split", "odd", "million.csv"), `${header}\n${line.repeat(MILLION)}`);
  await writeFile(join(folder, "split", "odd", "none.csv"), `${header}\n`);
  first = await etl("split", "etl", "--master", "local[2]");
}, 3 * TIMEOUT_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Deals the rows out, so that customers with more than one are in more than one file. */
async function writeDays(target: string, header: string, rows: readonly string[], days: number): Promise<void> {
  await mkdir(target, { recursive: true });
  for (let day = 0; day < days; day += 1) {
    const text = [header, ...rows.filter((_, index) => index % days === day), ""].join("\n");
    // Of two files the second has its columns the other way round: then Spark must not go by position.
    if (days === 2 && day === 1) await writeFile(join(target, ODD_NAME), reordered(text));
    else await writeFile(join(target, `day-${day + 1}.csv`), text);
  }
}

function reordered(text: string): string {
  return text.replaceAll(/[^\n]+/g, (line) => line.split(",").toReversed().join(","));
}

async function readRows(path: string): Promise<Row[]> {
  return parse(await readFile(path, "utf8"), { columns: true });
}

function etl(from: string, to: string, ...conf: string[]) {
  return submit([...conf, "pipelines/etl.py", "--in", join(folder, from), "--out", join(folder, to)]);
}

async function train(from: string, to: string, env: Readonly<Record<string, string>>, ...conf: string[]) {
  for (const path of Object.values(env)) await mkdir(path, { recursive: true });
  return submit([...conf, "pipelines/train.py", "--in", join(folder, from), "--out", join(folder, to)], env);
}

function tracked(name: string) {
  return { STEMMA_REPORT: join(folder, name, "report"), STEMMA_ARTIFACTS: join(folder, name, "artifacts") };
}

describe("etl.py", () => {
  test("says how many rows it has read of each file, and nothing else", () => {
    expect(first).toMatchObject({ exitCode: 0, err: "" });
    const lines = first.out.split("\n");
    expect(lines).toHaveLength(1 + 3 * 2 + 8 + 30 + 2);
    expect(lines).toContain("etl: odd/million.csv: 1000000 rows");
    expect(lines.filter((line) => !/^etl: [^:]+\.csv: \d+ rows$/.test(line))).toEqual([]);
  });

  test("leaves one CSV for each, and nothing else", async () => {
    for (const name of [...NAMES, "odd"]) {
      const [read, written] = await Promise.all(["split", "etl"].map((stage) => listFiles(join(folder, stage, name))));
      expect(written).toEqual(read);
    }
  });

  test("has the sums of pandas over the same raw CSV to 1e-9, however the rows were cut", async () => {
    const layouts = NAMES.map((name) => join(folder, "etl", name));
    const { expected, found } = (await python("sums_by_pandas.py", join(folder, "raw", "one"), ...layouts)) as Comparison;
    expect(expected.frauds).toBeGreaterThan(20);
    expect(found).toMatchObject(NAMES.map(() => expected));
    expect(found.map(({ unequal }) => unequal)).toEqual(NAMES.map(() => 0));
    expect(Math.max(...found.map(({ deviation }) => deviation))).toBeLessThan(1e-9);
  });

  test("has one row a customer, sorted, and exact sums of cents", async () => {
    const rows = await readRows(join(folder, "etl", "one", "bucket-00", "day-1.csv"));
    expect(Object.keys(rows[0] ?? {})).toEqual(ETL_HEADER);
    const names = rows.map((row) => row["nameOrig"] ?? "");
    expect(names).toEqual([...new Set(names)].toSorted());
    expect(rows.some((row) => Number(row["rows"]) > 1)).toBe(true);
  });

  test("adds up a customer with a million rows, and none", async () => {
    const [row, ...others] = await readRows(join(folder, "etl", "odd", "million.csv"));
    expect(others).toEqual([]);
    // A tenth a million times is 100000.00000133288 in floating point.
    expect(Object.values(row ?? {})).toEqual([
      "C1",
      "100000.0",
      "9000000.0",
      "8500000.0",
      "0.0",
      "7250000.0",
      "1000000",
      "1000000",
    ]);
    expect(await readFile(join(folder, "etl", "odd", "none.csv"), "utf8")).toBe(`${ETL_HEADER.join(",")}\n`);
  });

  test.skipIf(scaled(0) === 0)(
    "writes the same bytes however Spark cuts the work (by npm run test:long -- stages)",
    async () => {
      const cut = ["--conf", "spark.sql.files.maxPartitionBytes=20000", "--conf", "spark.sql.shuffle.partitions=7"];
      const { exitCode } = await etl("split/three", "etl-again", "--master", "local[1]", ...cut);
      expect(exitCode).toBe(0);
      for (const path of await listFiles(join(folder, "etl", "three"))) {
        expect(await readFile(join(folder, "etl-again", path), "utf8")).toBe(
          await readFile(join(folder, "etl", "three", path), "utf8"),
        );
      }
    },
    TIMEOUT_MS,
  );

  test(
    "ends with one line, and leaves no file, when a number cannot be read",
    async () => {
      await mkdir(join(folder, "unreadable"));
      const text = await readFile(join(folder, "raw", "one", "day-1.csv"), "utf8");
      await writeFile(join(folder, "unreadable", "day.csv"), text.replace(/\n(\d+),(\w+),[\d.]+/, "\n$1,$2,much"));
      const { exitCode, out, err } = await etl("unreadable", "etl-unreadable");
      expect({ exitCode, out }).toEqual({ exitCode: 1, out: "" });
      expect(err).toMatch(/^etl\.py: day\.csv: 1 of \d+ rows have no customer, or no number where one is due\.$/);
      expect(await readdir(join(folder, "etl-unreadable"))).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

describe("train.py", () => {
  test(
    "reports params, four areas, the model and the tree, and the same again for the same rows in other files, order and partitions",
    async () => {
      const once = await train("etl/one", "first/out/model", tracked("first"), "--master", "local[2]");
      expect(once).toEqual({ exitCode: 0, out: "", err: "" });
      const params = JSON.parse(await readFile(join(folder, "first/report/params.json"), "utf8")) as Record<string, number>;
      expect(params).toMatchObject({ maxDepth: 5, seed: 54_321, trainPercent: 80 });
      const lines = (await readFile(join(folder, "first/report/metrics.jsonl"), "utf8")).trimEnd().split("\n");
      const metrics = lines.map((line) => JSON.parse(line) as { key: string; value: number; step: number });
      expect(metrics.map(({ key, step }) => [key, step])).toEqual([
        ["PR train", 0],
        ["AUC train", 0],
        ["PR test", 0],
        ["AUC test", 0],
      ]);
      expect(metrics.every(({ value }) => value > 0.5 && value <= 1)).toBe(true);
      const tree = await readFile(join(folder, "first/artifacts/tree.txt"), "utf8");
      expect(tree).toMatch(/^ {2}If \(feature \d/);
      for (const model of ["first/artifacts/model/sparkml", "first/out/model"]) {
        expect((await readdir(join(folder, model))).toSorted()).toEqual(["metadata", "stages"]);
      }

      // The second time without a report to write, and with the work cut otherwise: then it prints what it would have reported.
      const artifacts = { STEMMA_ARTIFACTS: tracked("second").STEMMA_ARTIFACTS };
      const cut = ["--conf", "spark.sql.files.maxPartitionBytes=20000", "--master", "local[1]"];
      const again = await train("etl/thirty", "second/out/model", artifacts, ...cut);
      expect(again).toMatchObject({ exitCode: 0, err: "" });
      expect(JSON.parse(again.out)).toEqual({
        params,
        metrics: Object.fromEntries(metrics.map(({ key, value }) => [key, value])),
      });
      expect(await readFile(join(folder, "second/artifacts/tree.txt"), "utf8")).toBe(tree);
      // What each leaf predicts is not in the text.
      const nodes = await Promise.all(
        ["first", "second"].map((name) => python("tree_nodes.py", join(folder, name, "out/model"))),
      );
      expect(nodes[0]).toHaveLength(tree.match(/Predict|If/g)?.length ?? 0);
      expect(nodes[1]).toEqual(nodes[0]);
    },
    2 * TIMEOUT_MS,
  );

  test(
    "ends with one line when there is no fraud to learn from",
    async () => {
      const honest = (await readRows(join(folder, "etl", "one", "bucket-00", "day-1.csv"))).filter(
        (row) => row["sum_isFraud"] === "0",
      );
      await mkdir(join(folder, "honest"));
      await writeFile(join(folder, "honest", "a.csv"), [ETL_HEADER, ...honest.map((row) => Object.values(row))].join("\n"));
      const { exitCode, out, err } = await train("honest", "honest-model", {});
      expect({ exitCode, out }).toEqual({ exitCode: 1, out: "" });
      expect(err).toMatch(
        /^train\.py: the train part has \d+ customers, 0 with fraud: it needs some with and some without; .*\.$/,
      );
      expect(await readdir(folder)).not.toContain("honest-model");
    },
    TIMEOUT_MS,
  );
});

interface Counts {
  readonly customers: number;
  readonly rows: number;
  readonly frauds: number;
}

interface Comparison {
  readonly expected: Counts;
  readonly found: readonly (Counts & { readonly unequal: number; readonly deviation: number })[];
}

async function python(script: string, ...args: string[]): Promise<unknown> {
  const { stdout } = await execa(join(".venv", "bin", "python"), [join("test", "pipelines", script), ...args]);
  return JSON.parse(stdout);
}

async function listFiles(below: string): Promise<string[]> {
  const entries = await readdir(below, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(below, join(entry.parentPath, entry.name)))
    .toSorted();
}
