import { mkdtemp, readFile, rm } from "node:fs/promises";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jobEnvironment } from "../../src/local/job-environment.ts";
import type { JobInfo } from "../../src/pachyderm/types.ts";
import { paysimText } from "../../src/stages/paysim.ts";
import { type TestEngine, commitFiles, pipeline, readAll, repo, startTestEngine } from "../helpers/engine.ts";
import { submit } from "../helpers/spark.ts";

/** A session of Spark starts in some ten seconds, and in several times as long on a machine that is busy. */
const TIMEOUT_MS = 400_000;

const TABLE = Buffer.concat([...paysimText({ rows: 400, seed: 3 })]).toString();
const HEADER = TABLE.slice(0, TABLE.indexOf("\n") + 1);
const GOOD = { "/bucket-00/day-1.csv": TABLE, "/bucket-01/day-1.csv": HEADER, "/bucket-01/day 2, 50%.csv": TABLE };
const BAD = {
  "/bucket-00/lacking.csv": "step,type,nameOrig,isFraud\n1,TRANSFER,C1,0\n",
  "/bucket-00/huge.csv": HEADER + "1,TRANSFER,900000000000.0,C1,0,0,C2,0,0,0,0\n".repeat(1001),
  "/bucket-01/empty.csv": "",
  "/bucket-01/word.csv": `${HEADER}1,TRANSFER,much,C1,0,0,C2,0,0,0,0\n`,
};

/** The real spec of the ETL, in the real engine: two jobs, each with one session of Spark. */
describe("pipelines/etl.json", () => {
  let engine: TestEngine;
  let folder: string;
  let first: JobInfo;
  let second: JobInfo;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "stemma-batch-"));
    engine = await startTestEngine({ env: jobEnvironment(process.env) });
    const { client } = engine;
    await client.createRepo(repo("split"));
    await commitFiles(client, "split", GOOD);
    const spec = JSON.parse(readFileSync("pipelines/etl.json", "utf8")) as object;
    await client.createPipeline(JSON.stringify({ ...spec, datum_tries: 1 }));
    first = await lastJob();
    await commitFiles(client, "split", { ...BAD, "/bucket-02/day-3.csv": TABLE });
    second = await lastJob();
  }, TIMEOUT_MS);
  afterAll(async () => {
    await engine.close();
    await rm(folder, { recursive: true });
  });

  async function lastJob(): Promise<JobInfo> {
    const { commit } = await engine.client.inspectCommit({ repo: repo("etl"), at: "master" });
    return engine.client.inspectJob({ pipeline: pipeline("etl"), id: commit.id }, { wait: true });
  }

  async function said(job: JobInfo): Promise<string[]> {
    const lines = await Array.fromAsync(engine.client.logs({ job: job.job }));
    return lines.map(({ message }) => message.trimEnd());
  }

  test("has one session take all datums", async () => {
    expect(first).toMatchObject({ state: "JOB_SUCCESS", datums: { total: 3, processed: 3 } });
    const lines = (await said(first)).filter((line) => line.startsWith("etl: "));
    expect(lines.map((line) => line.replace(/[1-9]\d* rows/, "N rows"))).toEqual([
      "etl: bucket-00/day-1.csv: N rows",
      "etl: bucket-01/day 2, 50%.csv: N rows",
      "etl: bucket-01/day-1.csv: 0 rows",
    ]);
  });

  test("fails the datums that are wrong, each with its reason, goes on with what is new, and skips the rest", async () => {
    expect(second).toMatchObject({ state: "JOB_FAILURE", datums: { total: 8, processed: 1, skipped: 3, failed: 4 } });
    const lines = await said(second);
    const failures = lines.filter((line) => line.startsWith("attempt ") && line.includes("failed"));
    const missing = "amount, oldbalanceOrg, newbalanceOrig, oldbalanceDest, newbalanceDest";
    expect(failures.toSorted()).toEqual(
      [
        `/pfs/split/bucket-00/lacking.csv has no column ${missing}: its first line is step,type,nameOrig,isFraud.`,
        `/pfs/split/bucket-01/empty.csv has no column nameOrig, ${missing}, isFraud: its first line is empty.`,
        "bucket-00/huge.csv: 1 customers have sums beyond 900000000000000.",
        "bucket-01/word.csv: 1 of 1 rows have no customer, or no number where one is due.",
      ].map((reason) => `attempt 1 of 1 failed: ${reason}`),
    );
    expect(lines.filter((line) => line.startsWith("etl: "))).toEqual([
      expect.stringMatching(/^etl: bucket-02\/day-3\.csv: [1-9]\d* rows$/),
    ]);
  });

  test(
    "writes the same bytes as the program does without batching",
    async () => {
      for (const [path, text] of Object.entries(GOOD)) {
        mkdirSync(dirname(join(folder, "split", path)), { recursive: true });
        writeFileSync(join(folder, "split", path), text);
      }
      const alone = await submit(["pipelines/etl.py", "--in", join(folder, "split"), "--out", join(folder, "etl")]);
      expect(alone).toMatchObject({ exitCode: 0, err: "" });
      const found = await readAll(engine.client, "etl", first.job.id);
      expect(Object.keys(found).toSorted()).toEqual(Object.keys(GOOD).toSorted());
      for (const [path, text] of Object.entries(found)) expect(await readFile(join(folder, "etl", path), "utf8")).toBe(text);
    },
    TIMEOUT_MS,
  );
});
