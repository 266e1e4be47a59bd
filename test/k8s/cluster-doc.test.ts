import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { stemma } from "../cli/terminal.ts";
import { startTestEngine } from "../helpers/engine.ts";
import { filesBelow, parseManifests, yamlFiles } from "./manifests.ts";
import { type Builder, build, findBuilder } from "./kustomize.ts";

const doc = readFileSync("docs/cluster.md", "utf8");
const commands = Array.from(doc.matchAll(/^```sh\n([^]*?)^```$/gm), ([, block = ""]) => block.replaceAll(/\\\n\s*/g, ""))
  .join("")
  .split("\n")
  .filter((line) => line !== "");

/** Every path below this folder's folders that the page names, in its text or its commands. */
const paths = [
  ...new Set(
    Array.from(doc.matchAll(/(?<![\w./-])((?:k8s|docker|pipelines)\/[\w./-]*)/g), ([, path = ""]) => path.replace(/[./]+$/, "")),
  ),
];

test("each file that docs/cluster.md names is there", () => {
  expect(paths.length).toBeGreaterThan(15);
  expect(paths.filter((path) => !existsSync(path))).toEqual([]);
});

test("the page names each folder of k8s", () => {
  const folders = new Set(filesBelow("k8s").map((file) => dirname(file)));
  expect([...folders].filter((folder) => !isNamed(`k8s/${folder}/`))).toEqual([]);
});

function isNamed(folder: string): boolean {
  return paths.some((path) => folder.startsWith(`${path}/`) || path.startsWith(folder));
}

describe("each stemma command of docs/cluster.md exists, with its options", async () => {
  const lines = commands.flatMap((line) => /(?:npx |-- )stemma (.*)$/.exec(line)?.[1] ?? []);
  const inManifests = yamlFiles().flatMap((file) =>
    Array.from(readFileSync(join("k8s", file), "utf8").matchAll(/command: \[stemma, (.*)\]/g), ([, words = ""]) =>
      words.replaceAll(",", ""),
    ),
  );
  const place = { cwd: ".", env: {} };
  const { out: known } = await stemma(["--help"], place);

  test("of which there are some", () => {
    expect(lines.length).toBeGreaterThan(10);
    expect(inManifests).toContain("verify --all --index /tmp/index.db");
  });

  test.each([...new Set([...lines, ...inManifests])])("stemma %s", async (line) => {
    const words = line.replaceAll(/'[^']*'|"[^"]*"/g, "VALUE").split(/\s+/);
    expect(known).toMatch(new RegExp(`^ {2}${words[0]} `, "m"));
    const subcommand = words[1] !== undefined && /^[a-z]+$/.test(words[1]) && words[0] === "index" ? [words[1]] : [];
    const { code, out } = await stemma([words[0] ?? "", ...subcommand, "--help"], place);
    expect(code).toBe(0);
    const options = words.filter((word) => /^--?[a-z]/.test(word));
    expect(options.filter((option) => !new RegExp(`(^|[ ,])${option}\\b`, "m").test(out))).toEqual([]);
  });
});

test("its lines with stemma apply can be applied, one after the other, and none leaves things as they were", async () => {
  const engine = await startTestEngine();
  try {
    await engine.client.createSecret("mlflow", { tracking_uri: "http://127.0.0.1:1" });
    const lines = commands.filter((line) => line.startsWith("npx stemma apply "));
    const place = { cwd: ".", env: { PACHD_ADDRESS: engine.engine.address } };
    const applied: string[] = [];
    for (const line of lines) {
      // As a shell takes it.
      const words = line.replaceAll(/['"]/g, "").replaceAll("$REGISTRY", "registry.example").split(" ").slice(2);
      const { code, out, err } = await stemma(words, place);
      expect({ line, code, err }).toEqual({ line, code: 0, err: "" });
      applied.push(
        out
          .match(/^(created|updated|would [a-z]+) /gm)
          ?.at(-1)
          ?.trim() ?? "nothing",
      );
    }
    expect(applied).toEqual(["would create", "created", "would update", "updated", "updated", "updated"]);
    const train = await engine.client.inspectPipeline({ project: "default", name: "train" });
    expect(train.version).toBe(4);
  } finally {
    await engine.close();
  }
});

const builder = findBuilder();
const kustomize = builder?.[0].endsWith("kustomize") === true ? builder : undefined;
const why = kustomize === undefined ? " (skipped: no kustomize here)" : "";

describe.skipIf(kustomize === undefined)(`the overlay of one's own in docs/cluster.md${why}`, () => {
  test("is made by the page's lines, and has its images and its bucket", () => {
    const folder = mkdtempSync(join(tmpdir(), "stemma-cluster-"));
    try {
      cpSync("k8s", join(folder, "k8s"), { recursive: true });
      const start = commands.findIndex((line) => line.startsWith("mkdir my-cluster"));
      const lines = commands.slice(start, commands.indexOf("cd ..", start));
      const variables = commands.find((line) => line.startsWith("export REGISTRY=")) ?? "";
      const env = { ...process.env, PATH: `${dirname(kustomize?.[0] ?? "")}:${process.env["PATH"]}` };
      const made = spawnSync("sh", ["-eu", "-c", [variables, ...lines].join("\n")], { cwd: folder, env, encoding: "utf8" });
      expect(made).toMatchObject({ status: 0 });
      const objects = parseManifests(build(kustomize as Builder, join(folder, "my-cluster")));
      expect(objects.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name.startsWith("mlflow-"))).toMatchObject({
        data: {
          MLFLOW_ARTIFACTS_DESTINATION: "s3://mlflow-artifacts",
          AWS_DEFAULT_REGION: "eu-central-1",
          MLFLOW_DISABLE_TELEMETRY: "true",
        },
      });
      const images = Array.from(JSON.stringify(objects).matchAll(/"image":"([^"]+)"/g), ([, image = ""]) => image);
      expect(images.toSorted()).toEqual([
        "postgres:17.6",
        "registry.example/stemma/mlflow:3.17.2",
        "registry.example/stemma/stemma:0.1.0",
        "registry.example/stemma/stemma:0.1.0",
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test("the image of MLflow has the versions that the tests use", () => {
  const [mlflow = "", boto3, driver] = pins("k8s/mlflow/requirements.txt");
  expect(pins("requirements.txt")).toEqual(expect.arrayContaining([mlflow, boto3]));
  expect(driver).toMatch(/^psycopg2-binary==/);
  const version = mlflow.replace("mlflow==", "");
  expect(readFileSync("k8s/mlflow/Dockerfile", "utf8")).toContain(`version="${version}"`);
  expect(readFileSync("k8s/base/mlflow/deployment.yaml", "utf8")).toContain(`image: stemma/mlflow:${version}\n`);
});

function pins(file: string): string[] {
  return Array.from(readFileSync(file, "utf8").matchAll(/^([\w-]+==[^\s;]+)/gm), ([, pin = ""]) => pin);
}
