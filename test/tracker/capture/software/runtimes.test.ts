import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readVersions } from "../../../../src/tracker/capture/software/runtimes.ts";

const bin = fileURLToPath(new URL("../../../../.venv/bin", import.meta.url));
const env = { PATH: `${bin}:/usr/bin:/bin` };
/** Not everywhere. */
const JAVA = "java";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "stemma-runtimes-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function write(path: string, text: string, mode = 0o644): Promise<string> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text, { mode });
  return file;
}

describe("readVersions", () => {
  test("tells of real ones what they tell themselves", async () => {
    const [python, spark, java] = await Promise.all([
      execa(join(bin, "python"), ["-V"]),
      execa(join(bin, "python"), ["-c", "import importlib.metadata as m; print(m.version('pyspark'))"]),
      execa(JAVA, ["--version"], { reject: false, env, extendEnv: false }),
    ]);
    const versions = {
      python: python.stdout.replace("Python ", ""),
      spark: spark.stdout,
      ...(java.failed ? {} : { java: /\d+[.\d]*/.exec(java.stdout)?.[0] }),
    };
    expect(await readVersions([join(bin, "python"), "train.py"], folder, env)).toEqual(versions);
    expect(await readVersions(["spark-submit", "train.py"], folder, env)).toEqual(versions);
    expect(await readVersions(["spark-submit", "--class", "X", "x.jar"], folder, env)).toEqual({
      ...versions,
      python: undefined,
    });
  });

  test("asks a Node, and a Python whose files do not tell", async () => {
    expect(await readVersions([process.execPath, "x.js"], folder, {})).toEqual({ node: process.versions.node });
    const python = await write("bin/python3.12", "#!/bin/sh\necho Python 3.12.9\n", 0o755);
    expect(await readVersions([python], folder, {})).toEqual({ python: "3.12.9" });
  });

  test("takes Spark from SPARK_HOME, else from beside its program", async () => {
    await write("named/RELEASE", "Spark 4.0.1 (git revision abc) built for Hadoop 3.4.1\n");
    await write("spark/jars/spark-core_2.13-3.4.2.jar", "");
    const submit = await write("spark/bin/spark-submit", "", 0o755);
    expect(await readVersions([submit, "x.jar"], folder, {})).toEqual({ spark: "3.4.2" });
    expect(await readVersions([submit, "x.jar"], folder, { SPARK_HOME: join(folder, "named") })).toEqual({ spark: "4.0.1" });
  });

  test("takes Java from JAVA_HOME for Spark, and from its path when it is called by it", async () => {
    const java = await write("jdk8/jre/bin/java", "", 0o755);
    await write("jdk8/release", 'JAVA_VERSION="1.8.0_402"\n');
    await write("jdk21/bin/java", "", 0o755);
    await write("jdk21/release", 'IMPLEMENTOR="X"\nJAVA_VERSION="21.0.2"\n');
    expect(await readVersions([java, "-jar", "x.jar"], folder, { JAVA_HOME: join(folder, "jdk21") })).toEqual({
      java: "1.8.0_402",
    });
    await write("spark/jars/spark-core_2.13-3.4.2.jar", "");
    const submit = await write("spark/bin/spark-submit", "", 0o755);
    const env = { JAVA_HOME: join(folder, "jdk21"), PATH: dirname(java) };
    expect(await readVersions([submit, "x.jar"], folder, env)).toEqual({ java: "21.0.2", spark: "3.4.2" });
    expect(await readVersions([submit, "x.jar"], folder, { PATH: dirname(java) })).toEqual({ java: "1.8.0_402", spark: "3.4.2" });
  });

  test("tells nothing of what a command does not use", async () => {
    expect(await readVersions(["ls"], folder, env)).toEqual({});
    expect(await readVersions(["not-there"], folder, env)).toEqual({});
    expect(await readVersions([], folder, {})).toEqual({});
  });
});
