import { appendFile, cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { splitLines } from "../../../../src/tracker/capture/spark/lines.ts";
import { readSparkEvents } from "../../../../src/tracker/capture/spark/read-events.ts";
import { sparkMetrics, sparkTags } from "../../../../src/tracker/capture/spark/summary.ts";
import { planTables } from "../../../../src/tracker/capture/spark/plan.ts";
import { watchSpark } from "../../../../src/tracker/capture/spark/watch-spark.ts";
import { packageRoot } from "../../../../src/local/job-environment.ts";
import { runs } from "../../../helpers/scale.ts";
import { makeFolder } from "../../harness.ts";

/** Logs that Spark 3.5.9 wrote, with all taken out that is not read. */
const FIXTURES = fileURLToPath(new URL("../../fixtures/spark", import.meta.url));
const same = (text: string): string => text;
const lines = async (path: string): Promise<string[]> => (await readFile(path, "utf8")).trimEnd().split("\n");
const nowhere = { locations: [], locationCount: 0 };
const at = (location: string) => ({ locations: [location], locationCount: 1 });

/** The plan of an execution that reads a file of that number, another one, and one that Spark does not name. */
const scan = (index: number) => ({
  nodeName: "Scan csv ",
  simpleString: "",
  children: [],
  metadata: { Format: "CSV", Location: `InMemoryFileIndex(3 paths)[file:/${index}, a, file:/b, ...]` },
});

const watch = (command: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  watchSpark({ command, env, cwd: packageRoot }, "/logs/a run");

async function* inTurn(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}

describe("a log of an application that ended", () => {
  test("is summed up: jobs, stages and tasks with those that failed, bytes and rows of those that did not", async () => {
    const [summary, ...others] = await readSparkEvents(join(FIXTURES, "several"), same);
    expect(others).toEqual([]);
    expect(summary).toMatchObject({
      applicationId: "local-1795301769570",
      name: "rich",
      sparkVersion: "3.5.9",
      user: "root",
      master: "local[*]",
      startTime: "2026-11-21T22:56:07.099Z",
      endTime: "2026-11-21T22:56:37.595Z",
      completed: true,
      jobs: { total: 7, failed: 1 },
      stages: { total: 7, failed: 1 },
      tasks: { total: 9, failed: 2 },
      // 100 rows of CSV three times, 101 lines by textFile, and the cache's one batch.
      input: { bytes: 5190, rows: 100 + 100 + 100 + 101 + 1 },
      output: { bytes: 3623, rows: 200 },
      shuffle: { readBytes: 142, writtenBytes: 142 },
      spill: { memoryBytes: 0, diskBytes: 0 },
      executorRunTimeMs: 5039,
      jvmGcTimeMs: 114,
      peakExecutionMemoryBytes: 8_650_736,
      skippedLines: 0,
    });
  });

  test("says which tables and files were read and written, each once, also behind a cache", async () => {
    const [summary] = await readSparkEvents(join(FIXTURES, "several"), same);
    expect(summary?.tables).toEqual({
      read: [
        { format: "csv", ...at("file:/data/in.csv") },
        { format: "jdbc", table: "(select 1 as a from sysibm.sysdummy1) q", ...nowhere },
        { format: "parquet", table: "spark_catalog.default.people", ...at("file:/data/wh/people") },
      ],
      written: [
        { format: "jdbc", table: "app.t2", ...nowhere },
        { format: "json", ...at("file:/data/out.json") },
        { format: "noop", ...nowhere },
        { format: "parquet", table: "spark_catalog.default.people", ...at("file:/data/wh/people") },
      ],
      leftOut: 0,
    });
  });

  test("is read in the order of its parts when it rolls", async () => {
    const [summary] = await readSparkEvents(join(FIXTURES, "rolling"), same);
    expect(summary).toMatchObject({
      applicationId: "local-1795301673007",
      completed: true,
      tasks: { total: 2, failed: 0 },
      input: { bytes: 787, rows: 98 },
      output: { bytes: 688, rows: 2 },
      tables: { written: [{ format: "parquet", ...at("file:/data/out.parquet") }] },
      skippedLines: 0,
    });
  });
});

describe("a log with something missing", () => {
  test("of an application that was killed has no end, and counts the line that was cut off", async () => {
    const [summary] = await readSparkEvents(join(FIXTURES, "killed"), same);
    expect(summary).toMatchObject({
      completed: false,
      jobs: { total: 2, failed: 0 },
      tasks: { total: 1, failed: 0 },
      input: { rows: 98 },
      skippedLines: 1,
    });
    expect(summary).toMatchObject({ endTime: undefined, tables: { read: [{ format: "csv" }], written: [] } });
  });

  test("whatever is written between its lines, the lines count the same", async () => {
    const name = "local-1795301769570";
    const log = await lines(join(FIXTURES, "several", name));
    const [expected] = await readSparkEvents(join(FIXTURES, "several"), same);
    const folder = await makeFolder();
    const noise = fc.oneof(
      fc.string(),
      fc.json(),
      fc.constantFrom("{", "null", '{"Event":5}', '{"Event":"SparkListenerTaskEnd","Task Metrics":', "\u0000", "[]"),
      fc.constantFrom(...log).map((line) => line.slice(0, -1)),
    );
    const place = fc.record({ line: fc.nat(log.length - 1), noise: noise.filter((text) => !/[\r\n]/.test(text) && text !== "") });
    await fc.assert(
      fc.asyncProperty(fc.array(place, { maxLength: 10 }), async (places) => {
        const noiseAt = (index: number): string[] => places.filter((place) => place.line === index).map((place) => place.noise);
        const text = log.flatMap((line, index) => noiseAt(index).concat(line));
        await writeFile(join(folder, name), text.join("\n"));
        expect(await readSparkEvents(folder, same)).toEqual([{ ...expected, skippedLines: places.length }]);
      }),
      runs(30),
    );
  });

  test("a folder that is not there, or with files of somebody else, has no applications", async () => {
    const folder = await makeFolder();
    expect(await readSparkEvents(join(folder, "none"), same)).toEqual([]);
    await mkdir(join(folder, "more"));
    for (const name of [".local-1.crc", "notes.txt", "empty"])
      await writeFile(join(folder, name), name === "empty" ? "" : "notes");
    expect(await readSparkEvents(folder, same)).toEqual([]);
  });

  test("a line that is too long is left out, and the next ones are whole", async () => {
    const chunks = ["short\nlo", "ng, ", "long\n", "\nlast"].map((text) => Buffer.from(text));
    expect(await Array.fromAsync(splitLines(inTurn(chunks), 5))).toEqual(["short", undefined, "", "last"]);
  });
});

test("lines are the same however a log is cut into chunks", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: fc.constantFrom("a", "é", "\n", "€") })), async (texts) => {
      const whole = texts.join("");
      const expected = whole.endsWith("\n") || whole === "" ? whole.split("\n").slice(0, -1) : whole.split("\n");
      expect(await Array.fromAsync(splitLines(inTurn(Array.from(Buffer.from(whole), (byte) => Buffer.from([byte])))))).toEqual(
        expected,
      );
    }),
    runs(50),
  );
});

test("secrets are taken out of names and locations", async () => {
  const folder = await makeFolder();
  const log = await readFile(join(FIXTURES, "several", "local-1795301769570"), "utf8");
  await writeFile(join(folder, "app-1"), log.replaceAll("file:/data/", "s3a://key:geheim@bucket/"));
  const [summary] = await readSparkEvents(folder, (text) => text.replace(/\/\/.*@/, "//"));
  expect(summary?.tables.written[1]).toEqual({ format: "json", ...at("s3a://bucket/out.json") });
  expect(JSON.stringify(summary)).not.toContain("geheim");
});

test("an application that reads thousands of files says how many it leaves out", async () => {
  const folder = await makeFolder();
  const event = "org.apache.spark.sql.execution.ui.SparkListenerSQLExecution";
  const log = [
    { Event: "SparkListenerApplicationStart", "App ID": "app-1", "App Name": "x", Timestamp: 0, User: "u" },
    ...Array.from({ length: 600 }, (_, executionId) => [
      { Event: `${event}Start`, executionId, sparkPlanInfo: scan(executionId) },
      { Event: `${event}End`, executionId, errorMessage: "" },
    ]).flat(),
  ];
  await writeFile(join(folder, "app-1"), log.map((line) => JSON.stringify(line)).join("\n"));
  const [summary] = await readSparkEvents(folder, same);
  expect(summary?.tables.read.length).toBe(500);
  expect(summary?.tables.leftOut).toBe(100);
  expect(summary?.tables.read[0]).toEqual({ format: "csv", locations: ["file:/0, a", "file:/b"], locationCount: 3 });
});

test("tags name all applications, and metrics are sums over them", async () => {
  const folder = await makeFolder();
  for (const name of ["several", "rolling"]) await cp(join(FIXTURES, name), folder, { recursive: true });
  const summaries = await readSparkEvents(folder, same);
  expect(sparkTags(summaries)).toEqual({
    "spark.application_id": "local-1795301673007,local-1795301769570",
    "spark.version": "3.5.9",
  });
  expect(sparkMetrics(summaries)).toEqual({
    "spark.stages": 9,
    "spark.tasks": 11,
    "spark.failed_tasks": 2,
    "spark.input_bytes": 5190 + 787,
    "spark.input_rows": 402 + 98,
    "spark.output_bytes": 3623 + 688,
    "spark.output_rows": 202,
    "spark.shuffle_write_bytes": 284,
    "spark.spill_memory_bytes": 0,
    "spark.spill_disk_bytes": 0,
  });
  expect([sparkTags([]), sparkMetrics([])]).toEqual([{}, {}]);
});

const INSERT = "Execute InsertIntoHadoopFsRelationCommand";

function tablesOf(nodeName: string, simpleString = "", metadata: object = {}) {
  const leaf = { nodeName, simpleString, metadata, children: [] };
  return planTables({ sparkPlanInfo: { nodeName: "Project", simpleString: "", metadata: {}, children: [leaf] } });
}

/** Nodes as Spark 3.5.9 writes them, except where it is said otherwise. */
describe("what a plan reads", () => {
  test.each([
    ["Range", "Range (0, 5, step=1, splits=2)"],
    ["Scan ExistingRDD", "Scan ExistingRDD[a#1]"],
    ["Scan In-memory table people", "Scan In-memory table people [id#1]"],
    ["LocalTableScan", "LocalTableScan [a#1]"],
  ])("%s is nothing that lies somewhere", (name, text) => {
    expect(tablesOf(name, text).read).toEqual([]);
  });

  test("files by the second version of data sources, whose node has no metadata", () => {
    const text =
      "BatchScan parquet file:/wh/people[id#437] ParquetScan DataFilters: [], Format: parquet, " +
      "Location: InMemoryFileIndex(1 paths)[file:/wh/people], PartitionFilters: [], PushedFilters: [] RuntimeFilters: []";
    expect(tablesOf("BatchScan parquet file:/wh/people", text).read).toEqual([
      { format: "parquet", table: undefined, locations: ["file:/wh/people"], locationCount: 1 },
    ]);
  });

  test("a table of a catalog, a table of Hive, and a table whose name has spaces", () => {
    const nowhere = { locations: [], locationCount: 0 };
    // The first two as in Spark's sources: there is neither Iceberg nor Hive here.
    expect(tablesOf("BatchScan lake.db.t").read).toEqual([{ format: "v2", table: "lake.db.t", ...nowhere }]);
    expect(tablesOf("Scan hive spark_catalog.db.t").read).toEqual([{ format: "hive", table: "spark_catalog.db.t", ...nowhere }]);
    const metadata = { Format: "ORC", Location: "CatalogFileIndex(1 paths)[s3a://b/my table]" };
    expect(tablesOf("Scan orc spark_catalog.db.my table", "", metadata).read).toEqual([
      { format: "orc", table: "spark_catalog.db.my table", locations: ["s3a://b/my table"], locationCount: 1 },
    ]);
  });
});

describe("what a plan writes", () => {
  test.each([
    ["file:/out, false, Parquet, [path=file:/out], Overwrite, [id, g, v]", "parquet", undefined],
    ['file:/out, false, [g#16], JSON, [__partition_columns=["g"], path=file:/out], Append, [id, g, v]', "json", undefined],
    ["file:/out, [g=a], false, [g#16], CSV, [path=file:/out], Append, [id, g, v]", "csv", undefined],
    [
      "file:/out, false, ORC, [path=x], Append, `spark_catalog`.`default`.`copy`, org.apache.InMemoryFileIndex(file:/out), [id]",
      "orc",
      "spark_catalog.default.copy",
    ],
    ["file:/out, true, com.example.Own@1f, Map(), ErrorIfExists, [id]", "com.example.own@1f", undefined],
  ])("files: %s", (text, format, table) => {
    expect(tablesOf(INSERT, `${INSERT} ${text}`).written).toEqual([
      { format, table, locations: ["file:/out"], locationCount: 1 },
    ]);
  });

  test("a node that is cut off or strange is passed over, and soon", () => {
    expect(tablesOf(INSERT, `${INSERT} file:/out`).written).toEqual([]);
    expect(tablesOf(INSERT, `${INSERT} file:/out, false,${" [a],".repeat(100_000)}`).written).toEqual([]);
    expect(planTables({ sparkPlanInfo: { nodeName: 5, children: [null, 7, { children: {} }] } })).toEqual({
      read: [],
      written: [],
    });
  });

  test("a table of a catalog, by the writer's own words", () => {
    const text = "AppendData org.apache.spark.Strategy$$Lambda$4921/0x00@421d0693, IcebergWrite(table=lake.db.t, format=PARQUET)";
    expect(tablesOf("AppendData", text).written).toEqual([
      { format: "iceberg", table: "lake.db.t", locations: [], locationCount: 0 },
    ]);
  });
});

describe("watching Spark", () => {
  test("adds Java options before the user's own", async () => {
    const { env } = await watch(["python", "train.py"], { SPARK_SUBMIT_OPTS: "-Xss4m" });
    expect(env).toEqual({
      SPARK_SUBMIT_OPTS:
        "-Dspark.eventLog.enabled=true -Dspark.eventLog.dir=file:///logs/a%20run -Dspark.eventLog.compress=false " +
        "-Dspark.eventLog.rolling.enabled=false -Xss4m",
    });
  });

  test.each([
    ["spark-submit --conf spark.eventLog.dir=hdfs:///logs train.py", {}, "goes to hdfs:///logs by spark.eventLog.dir"],
    ["spark-submit --conf=spark.eventLog.enabled=false train.py", {}, "is switched off"],
    ["spark-submit --deploy-mode cluster train.py", {}, "runs in a cluster"],
    ["spark-submit -c spark.submit.deployMode=cluster train.py", {}, "runs in a cluster"],
    ["python train.py", { PYSPARK_SUBMIT_ARGS: "--conf spark.eventLog.compress=true pyspark-shell" }, "is compressed"],
    ["python train.py", { SPARK_SUBMIT_OPTS: "-Dspark.eventLog.dir=/mine" }, "goes to /mine"],
  ])("leaves alone: %s %o", async (command, env, reason) => {
    expect(await watch(command.split(" "), env)).toEqual({ reason: expect.stringContaining(reason) });
  });

  test("takes the user's settings out of files, too", async () => {
    const folder = await makeFolder();
    await writeFile(join(folder, "spark-defaults.conf"), "# logs\nspark.ui.enabled false\nspark.eventLog.dir   /mine \n");
    await appendFile(join(folder, "other.conf"), "spark.eventLog.enabled=false\n");
    const defaults = await watch(["python", "train.py"], { SPARK_CONF_DIR: folder });
    expect(defaults).toEqual({ reason: "Spark's event log goes to /mine by spark.eventLog.dir" });
    const other = ["spark-submit", "--properties-file", join(folder, "other.conf"), "train.py"];
    expect(await watch(other, { SPARK_CONF_DIR: folder })).toEqual({
      reason: "Spark's event log is switched off by spark.eventLog.enabled=false",
    });
    expect(await watch(["spark-submit", "train.py"], { SPARK_CONF_DIR: "pipelines/conf" })).toHaveProperty("env");
  });
});
