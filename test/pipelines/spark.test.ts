import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FRAUD_TYPES, paysimText } from "../../src/stages/paysim.ts";
import { splitTables } from "../../src/stages/split.ts";
import { rows as scaled } from "../helpers/scale.ts";
import { type SparkResult, submit } from "../helpers/spark.ts";

/** A program on Spark takes some ten seconds, and several times as long on a machine that is busy. */
const TIMEOUT_MS = 240_000;

const MEANS = ["amount", "oldbalanceOrg", "newbalanceOrig", "oldbalanceDest", "newbalanceDest"] as const;
const ETL_HEADER = ["nameOrig", ...MEANS.map((name) => `avg_${name}`), "sum_isFraud", "rows"];
// A name with what Spark would take for a pattern, or for an encoded character.
const ODD_NAME = "day [2], 50%.csv";

type Row = Readonly<Record<string, string>>;

let folder: string;
let first: SparkResult;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "stemma-spark-"));
  await mkdir(join(folder, "raw"));
  await writeFile(join(folder, "raw", "day-1.csv"), Buffer.concat([...paysimText({ rows: scaled(4000), seed: 1 })]));
  await writeFile(join(folder, "raw", ODD_NAME), reordered(Buffer.concat([...paysimText({ rows: 300, seed: 1 })]).toString()));
  await splitTables({
    from: join(folder, "raw"),
    to: join(folder, "split"),
    types: FRAUD_TYPES,
    by: { buckets: 2 },
    maxBad: 0,
    onBad: () => undefined,
  });
  first = await etl("split", "etl", "--master", "local[2]");
}, TIMEOUT_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The same table with its columns the other way round: then Spark must not go by position. */
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

/** What the ETL is to compute, the plain way. */
function meansByCustomer(rows: readonly Row[]): Map<string, number[]> {
  const groups = Map.groupBy(rows, (row) => row["nameOrig"] ?? "");
  const sum = (group: readonly Row[], column: string): number => group.reduce((total, row) => total + Number(row[column]), 0);
  return new Map(
    [...groups].map(([customer, group]) => [
      customer,
      [...MEANS.map((column) => sum(group, column) / group.length), sum(group, "isFraud"), group.length],
    ]),
  );
}

describe("etl.py", () => {
  test("says how many rows it has read, and nothing else", () => {
    expect(first).toMatchObject({ exitCode: 0, err: "" });
    expect(first.out).toMatch(/^etl: bucket-00: \d+ rows\netl: bucket-01: \d+ rows$/);
  });

  test("leaves one CSV a bucket, and nothing else", async () => {
    expect((await readdir(join(folder, "etl"))).toSorted()).toEqual(["bucket-00.csv", "bucket-01.csv"]);
  });

  test.each(["bucket-00", "bucket-01"])("computes means and sums of %s, one row a customer, sorted", async (bucket) => {
    const raw = await Promise.all(["day-1.csv", ODD_NAME].map((name) => readRows(join(folder, "split", bucket, name))));
    const expected = meansByCustomer(raw.flat());
    const found = await readRows(join(folder, "etl", `${bucket}.csv`));
    expect(Object.keys(found[0] ?? {})).toEqual(ETL_HEADER);
    expect(found.map((row) => row["nameOrig"])).toEqual([...expected.keys()].toSorted());
    const wrong = found.filter((row) => {
      const [customer = "", ...values] = Object.values(row);
      return !values.every((value, index) => isNear(Number(value), expected.get(customer)?.[index] ?? Number.NaN));
    });
    expect(wrong).toEqual([]);
    expect([...expected.values()].some((values) => (values.at(-1) ?? 0) > 1)).toBe(true);
  });

  test(
    "writes the same bytes however Spark cuts the work",
    async () => {
      const cut = ["--conf", "spark.sql.files.maxPartitionBytes=20000", "--conf", "spark.sql.shuffle.partitions=7"];
      const { exitCode } = await etl("split", "etl-again", "--master", "local[1]", ...cut);
      expect(exitCode).toBe(0);
      for (const name of ["bucket-00.csv", "bucket-01.csv"]) {
        expect(await readFile(join(folder, "etl-again", name), "utf8")).toBe(await readFile(join(folder, "etl", name), "utf8"));
      }
    },
    TIMEOUT_MS,
  );

  test(
    "ends with one line when a file lacks a column",
    async () => {
      await mkdir(join(folder, "lacking"));
      await writeFile(join(folder, "lacking", "day.csv"), "step,type,nameOrig,isFraud\n1,TRANSFER,C1,0\n");
      const { exitCode, out, err } = await etl("lacking", "etl-lacking");
      const columns = "amount, oldbalanceOrg, newbalanceOrig, oldbalanceDest, newbalanceDest";
      const file = join(folder, "lacking", "day.csv");
      expect({ exitCode, out, err }).toEqual({
        exitCode: 1,
        out: "",
        err: `etl.py: ${file} has no column ${columns}: its first line is step,type,nameOrig,isFraud.`,
      });
    },
    TIMEOUT_MS,
  );

  test(
    "ends with one line, and leaves no file, when a number cannot be read",
    async () => {
      await mkdir(join(folder, "unreadable"));
      const text = await readFile(join(folder, "raw", "day-1.csv"), "utf8");
      await writeFile(join(folder, "unreadable", "day.csv"), text.replace(/\n(\d+),(\w+),[\d.]+/, "\n$1,$2,much"));
      const { exitCode, out, err } = await etl("unreadable", "etl-unreadable");
      expect({ exitCode, out }).toEqual({ exitCode: 1, out: "" });
      expect(err).toMatch(/^etl\.py: unreadable: 1 of \d+ rows have no customer, or no number where one is due\.$/);
      expect(await readdir(join(folder, "etl-unreadable"))).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

describe("train.py", () => {
  test(
    "reports params, four areas, the model and the tree, and the same again for the same data",
    async () => {
      const once = await train("etl", "first/out/model", tracked("first"), "--master", "local[2]");
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
      const again = await train("etl", "second/out/model", artifacts, ...cut);
      expect(again).toMatchObject({ exitCode: 0, err: "" });
      expect(JSON.parse(again.out)).toEqual({
        params,
        metrics: Object.fromEntries(metrics.map(({ key, value }) => [key, value])),
      });
      expect(await readFile(join(folder, "second/artifacts/tree.txt"), "utf8")).toBe(tree);
    },
    2 * TIMEOUT_MS,
  );

  test(
    "ends with one line when there is no fraud to learn from",
    async () => {
      const honest = (await readRows(join(folder, "etl", "bucket-00.csv"))).filter((row) => row["sum_isFraud"] === "0");
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

function isNear(found: number, expected: number): boolean {
  return Math.abs(found - expected) <= 1e-9 * Math.max(1, Math.abs(expected));
}
