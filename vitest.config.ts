import { defineConfig } from "vitest/config";

/** Many small files of one kind, each with servers of its own: they share the modules that a worker has loaded, which saves a third of their time. */
const SHARED = ["conformance", "engine/files", "engine/pfs", "engine/pps", "lineage", "collect"].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 240_000,
    // One more than the two cores that they are made for: much of their time is waiting for servers.
    maxWorkers: 3,
    // Their tables are so small that a good compiler costs more than it saves.
    env: { SPARK_SUBMIT_OPTS: "-XX:TieredStopAtLevel=1" },
    globalSetup: ["test/helpers/global-setup.ts"],
    projects: [
      { extends: true, test: { name: "alone", include: ["test/**/*.test.ts"], exclude: SHARED } },
      { extends: true, test: { name: "shared", include: SHARED, isolate: false } },
    ],
  },
});
