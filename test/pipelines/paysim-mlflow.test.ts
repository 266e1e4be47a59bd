import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { jobEnvironment, packageRoot } from "../../src/local/job-environment.ts";
import { paysimText } from "../../src/stages/paysim.ts";
import type { RunCard } from "../../src/tracker/card/run-card.ts";
import { listOf } from "../mlflow/fixtures.ts";
import { client, makeFolder, runTrack } from "../tracker/harness.ts";

/** The program takes half a minute, and several times as long on a machine that is busy. */
const TIMEOUT_MS = 240_000;

const MEANS = ["amount", "oldbalanceOrg", "newbalanceOrig", "oldbalanceDest", "newbalanceDest"];
const AREAS = ["PR train", "AUC train", "PR test", "AUC test"];

/** A table of means, of customers with one row each: nearly all of PaySim's are such. */
async function writeTable(folder: string): Promise<void> {
  const text = Buffer.concat([...paysimText({ rows: 2000, seed: 1 })]);
  const rows: Record<string, string>[] = parse(text, { columns: true });
  const header = ["nameOrig", ...MEANS.map((name) => `avg_${name}`), "sum_isFraud"];
  const lines = rows.map((row) => ["nameOrig", ...MEANS, "isFraud"].map((name) => row[name]));
  await mkdir(folder);
  await writeFile(join(folder, "bucket-00.csv"), [header, ...lines].join("\n"));
}

/** What a job has, with the pipelines' settings. */
function sparkJob(): Record<string, string> {
  const { PATH, PYSPARK_PYTHON, JAVA_HOME, SPARK_LOCAL_IP } = jobEnvironment(process.env);
  const env = { PATH, PYSPARK_PYTHON, JAVA_HOME, SPARK_LOCAL_IP, SPARK_CONF_DIR: "pipelines/conf" };
  return Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

test(
  "a program that knows MLflow alone logs into the tracked run, and its nested runs are children of that run",
  async () => {
    const folder = await makeFolder();
    await writeTable(join(folder, "etl"));
    const program = ["test/pipelines/paysim_mlflow.py", "--in", join(folder, "etl"), "--out", join(folder, "model")];
    // MLflow's copyToLocalFile needs Hadoop's own class for local files, which the pipelines' settings replace.
    const conf = ["--master", "local[2]", "--conf", "spark.hadoop.fs.file.impl=org.apache.hadoop.fs.LocalFileSystem"];
    const experiment = `paysim-${Date.now()}`;
    const card = await makeFolder();
    const track = await runTrack(
      [
        "--spark",
        "--card",
        card,
        "--experiment",
        experiment,
        "--",
        "spark-submit",
        ...conf,
        ...program,
        "--experiment",
        experiment,
      ],
      { cwd: packageRoot, env: sparkJob() },
    );
    if (track.code !== 0) throw new Error(track.stderr + track.stdout);

    const run = await track.run();
    expect(track.stdout).toContain(`run ${run.id}\n`);
    expect(run).toMatchObject({
      status: "FINISHED",
      params: {
        balanced: "False",
        seed: "54321",
        splitSeed: "12345",
        depths: "[2, 5]",
        maxDepth: expect.stringMatching(/^[25]$/),
      },
    });
    expect(run.tags).toMatchObject({ dataset: "PaySim", "stemma.attempt": "1" });
    expect(Object.keys(run.metrics)).toEqual(expect.arrayContaining(AREAS));
    expect(AREAS.filter((key) => !((run.metrics[key] ?? 0) > 0.5))).toEqual([]);
    expect((await readdir(join(folder, "model"))).filter((name) => !name.startsWith("."))).toEqual(["metadata", "stages"]);

    const artifacts = (await listOf(client.listArtifacts(run.id))).map(({ path }) => path);
    expect(artifacts).toEqual(expect.arrayContaining(["tree.txt", "model/MLmodel", "model/sparkml/metadata/part-00000"]));

    const all = await listOf(client.searchRuns({ experimentIds: [run.experimentId] }));
    const children = all.filter(({ id }) => id !== run.id);
    expect(
      children
        .map(({ name, status, params, tags }) => [name, status, params["maxDepth"], tags["mlflow.parentRunId"]])
        .sort(([one = ""], [other = ""]) => one.localeCompare(other)),
    ).toEqual([
      ["depth 2", "FINISHED", "2", run.id],
      ["depth 5", "FINISHED", "5", run.id],
    ]);
    const { spark, children: linked } = JSON.parse(await readFile(join(card, run.id), "utf8")) as RunCard;
    expect(linked?.toSorted()).toEqual(children.map(({ id }) => id).toSorted());
    const csv = { format: "csv", locations: [`file:${folder}/etl/bucket-00.csv`], locationCount: 1 };
    expect(spark).toMatchObject([
      { name: "paysim", completed: true, jobs: { failed: 0 }, tables: { read: expect.arrayContaining([csv]) } },
    ]);
    expect(run.tags["spark.application_id"]).toBe(spark?.[0]?.applicationId);
    expect(children.every(({ metrics }) => (metrics["PR test"] ?? 0) > 0.5)).toBe(true);
  },
  TIMEOUT_MS,
);
