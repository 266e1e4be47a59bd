import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

interface Spec {
  readonly pipeline: { readonly name: string };
  readonly transform: {
    readonly cmd: readonly string[];
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

test("there are three pipelines, each reading what the one before wrote", () => {
  expect(NAMES.toSorted()).toEqual(["etl.json", "split.json", "train.json"]);
  expect(["split", "etl", "train"].map((name) => readSpec(`${name}.json`).input.pfs)).toEqual([
    { repo: "raw_data", branch: "master", glob: "/*" },
    { repo: "split", branch: "master", glob: "/*/*" },
    { repo: "etl", branch: "master", glob: "/" },
  ]);
});

describe.each(NAMES)("pipelines/%s", (name) => {
  const spec = readSpec(name);
  const { cmd } = spec.transform;

  test("is named as its file", () => {
    expect(`${spec.pipeline.name}.json`).toBe(name);
  });

  test("reads its input and writes its output, and nothing else below /pfs", () => {
    const places = cmd.filter((word) => word.startsWith("/pfs/"));
    expect(places).toHaveLength(2);
    expect(places[0]).toBe(`/pfs/${spec.input.pfs.repo}`);
    expect(places[1]).toMatch(/^\/pfs\/out(\/|$)/);
  });
});

test("the training is tracked, knows MLflow by a secret, and is not tried again when it fails", () => {
  const { transform, datum_tries } = readSpec("train.json");
  expect(transform.cmd.slice(0, 5)).toEqual(["stemma", "track", "--spark", "--experiment", "paysim-fraud"]);
  expect(transform.secrets).toEqual([{ name: "mlflow", key: "tracking_uri", env_var: "MLFLOW_TRACKING_URI" }]);
  expect(datum_tries).toBe(1);
});
