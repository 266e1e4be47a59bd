import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Many small files of one kind, each with servers of its own: they share the modules that a worker has loaded, which saves a third of their time. */
const SHARED = ["conformance", "engine/files", "engine/pfs", "engine/pps", "lineage", "collect"].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);

/** Where a core would wait for them if they began last: a fresh clone doesn't know yet how long each file takes. */
const LONGEST = [
  "faults/kill",
  "pipelines/spark",
  "e2e/demo",
  "engine/operations",
  "pipelines/batch",
  "faults/tracking",
  "pipelines/",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((one, other) => placeOf(one) - placeOf(other));
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const place = LONGEST.findIndex((part) => moduleId.includes(`/test/${part}`));
  return place === -1 ? LONGEST.length : place;
}

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 240_000,
    // One more than the two cores that they are made for: much of their time is waiting for servers.
    maxWorkers: 3,
    env: {
      // MLflow's own client starts it in a thread of its own, and on a busy machine breaks over it now and then.
      MLFLOW_DISABLE_TELEMETRY: "true",
      // Usually their tables are so small that Java's good compiler costs more than it saves.
      ...(process.env["STEMMA_TEST_ROWS"] === undefined ? { SPARK_SUBMIT_OPTS: "-XX:TieredStopAtLevel=1" } : {}),
    },
    sequence: { sequencer: LongestFirst },
    globalSetup: ["test/helpers/global-setup.ts"],
    projects: [
      { extends: true, test: { name: "alone", include: ["test/**/*.test.ts"], exclude: SHARED } },
      { extends: true, test: { name: "shared", include: SHARED, isolate: false } },
    ],
  },
});
