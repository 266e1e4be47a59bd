import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { Readable } from "node:stream";
import { execa } from "execa";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { readPipelineSpecs } from "../../src/cli/pipeline-specs.ts";
import { MlflowClient } from "../../src/mlflow/client.ts";
import { listOf } from "../mlflow/fixtures.ts";

interface Block {
  readonly language: string;
  /** What comes after the language: a file's name, or `not-run`. */
  readonly info: string;
  readonly text: string;
}

const blocks = parseBlocks(await readFile("docs/tracking.md", "utf8"));
const experiment = `docs-${randomUUID()}`;
let folder: string;

function parseBlocks(markdown: string): readonly Block[] {
  const fences = markdown.matchAll(/^```(\w+) ?(.*)\n([^]*?)^```$/gm);
  return Array.from(fences, ([, language = "", info = "", text = ""]) => ({ language, info, text }));
}

/** A folder as of somebody who has stemma installed, with the files that the page shows. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "stemma-docs-"));
  await mkdir(join(folder, "node_modules", ".bin"), { recursive: true });
  await symlink(resolve("."), join(folder, "node_modules", "stemma"));
  await symlink(resolve("bin/stemma.js"), join(folder, "node_modules", ".bin", "stemma"));
  await writeFile(join(folder, "package.json"), `{ "type": "module" }\n`);
  for (const { language, info, text } of blocks) if (language !== "sh") await writeFile(join(folder, info), text);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function runShell(script: string) {
  const programs = [join(folder, "node_modules", ".bin"), dirname(process.execPath), resolve(".venv/bin"), process.env["PATH"]];
  return execa("bash", ["-eu", "-c", script], {
    cwd: folder,
    extendEnv: false,
    env: {
      PATH: programs.join(delimiter),
      HOME: folder,
      MLFLOW_TRACKING_URI: inject("mlflowUri"),
      MLFLOW_EXPERIMENT_NAME: experiment,
    },
    reject: false,
    all: true,
  });
}

test("every example of docs/tracking.md works, and leaves the runs that it is about", async () => {
  const scripts = blocks.filter(({ language, info }) => language === "sh" && info !== "not-run");
  // Each stands by itself: at once they take less time.
  const results = await Promise.all(scripts.map(({ text }) => runShell(text)));
  const failed = results.filter(({ exitCode }) => exitCode !== 0).map(({ command, all }) => `${command}\n${all}`);
  expect(failed).toEqual([]);

  const client = new MlflowClient({ uri: inject("mlflowUri") });
  const experimentIds = [await client.experimentId(experiment)];
  const runs = await listOf(client.searchRuns({ experimentIds }));
  const shown = runs.map(({ name, status, params, metrics }) => ({
    name,
    status,
    params: Object.keys(params).sort().join(),
    loss: metrics["loss"],
  }));
  expect(shown.sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
    { name: "away", status: "FINISHED", params: "depth,seed", loss: 0.1 },
    { name: "by-files", status: "FINISHED", params: "depth", loss: 0.5 },
    { name: "fold", status: "FINISHED", params: "", loss: 0.5 },
    { name: "in-python", status: "FINISHED", params: "depth,seed", loss: 0.1 },
    { name: "in-typescript", status: "FINISHED", params: "depth,seed", loss: undefined },
    { name: "in-typescript/fold-0", status: "FINISHED", params: "", loss: 0.05 },
    { name: "in-typescript/fold-1", status: "FINISHED", params: "", loss: 0.025 },
    { name: "with-card", status: "FINISHED", params: "", loss: undefined },
    { name: "with-mlflow", status: "FINISHED", params: "depth", loss: undefined },
  ]);
  expect(results.map(({ stdout }) => stdout).join("\n")).toContain("best: 0.25");
}, 120_000);

test("the pipelines that it shows are specs that can be applied", async () => {
  const files = blocks.filter(({ language }) => language === "json").map(({ info }) => info);
  const specs = await readPipelineSpecs({ cwd: folder, stdin: Readable.from([]) }, files);
  expect(specs).toMatchObject([{ pipeline: { name: "train" }, inputs: [{ name: "etl" }] }]);
});

test("of its examples few are not run", () => {
  expect(blocks.filter(({ language }) => !["sh", "python", "ts", "json"].includes(language))).toEqual([]);
  expect(blocks.filter(({ info }) => info === "not-run").length).toBeLessThanOrEqual(2);
});
