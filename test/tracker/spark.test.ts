import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { RunCard } from "../../src/tracker/card/run-card.ts";
import { listOf } from "../mlflow/fixtures.ts";
import { client, makeFolder, runTrack } from "./harness.ts";

const LOG = fileURLToPath(new URL("fixtures/spark/several/local-1795301769570", import.meta.url));

/** Leaves the log of a recorded application where Spark would: test/pipelines/paysim-mlflow.test.ts has a real one. */
const leaveLog = `cp '${LOG}' "$(echo "$SPARK_SUBMIT_OPTS" | sed 's,.*-Dspark.eventLog.dir=file://,,; s, .*,,')"`;

test("with --spark, what Spark did is in the run's tags, metrics and artifacts, and on the card", async () => {
  const folder = await makeFolder();
  const track = await runTrack(["--spark", "--card", folder, "--", "sh", "-c", leaveLog]);
  expect(track).toMatchObject({ code: 0 });
  const run = await track.run();
  expect(run.tags).toMatchObject({ "spark.application_id": "local-1795301769570", "spark.version": "3.5.9" });
  expect(run.metrics).toMatchObject({
    "spark.stages": 7,
    "spark.failed_tasks": 2,
    "spark.input_rows": 402,
    "spark.output_rows": 200,
  });
  const artifacts = await listOf(client.listArtifacts(run.id));
  expect(artifacts.map(({ path }) => path)).toContain("spark/applications.json");

  const [name = ""] = await readdir(folder);
  const card = JSON.parse(await readFile(join(folder, name), "utf8")) as RunCard;
  expect(card.spark).toMatchObject([
    { applicationId: "local-1795301769570", completed: true, tables: { read: [{ format: "csv" }, { format: "jdbc" }, {}] } },
  ]);
});

test("with --spark, a command that starts no Spark is told so, and ends as it would", async () => {
  const track = await runTrack(["--spark", "--", "sh", "-c", "exit 3"]);
  expect(track).toMatchObject({ code: 3 });
  expect(track.stderr).toContain("stemma: Spark left no event log");
});
