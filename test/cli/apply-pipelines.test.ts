import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Difference } from "../../src/cli/apply/differences.ts";
import { parseQuantity } from "../../src/cli/apply/quantities.ts";
import { type PipelineSpec, readPipelineSpecs } from "../../src/cli/pipeline-specs.ts";
import { parseSpec } from "../../src/engine/pps/spec-json.ts";
import { type TestEngine, repo, startTestEngine } from "../helpers/engine.ts";
import { stemma } from "./terminal.ts";

const FOLDER = "pipelines";
const PYTHON = ".venv/bin/python";
const files = (await readdir(FOLDER)).filter((name) => name.endsWith(".json")).sort();
const specs = await readPipelineSpecs({ cwd: ".", stdin: Readable.from([]) }, [FOLDER]);

describe.each(files)("pipelines/%s, as a real Pachyderm takes it", (file) => {
  const spec = specs.find(({ pipeline }) => `${pipeline.name}.json` === file);

  test("is named as its file, as pachd wants names, short enough for Kubernetes", async () => {
    expect(spec?.pipeline).toEqual({ project: "default", name: basename(file, ".json") });
    // pachd: the name of its replication controller must be a DNS label, "default-NAME-v99".
    expect(`default-${spec?.pipeline.name}-v99`).toMatch(/^[a-z0-9][a-z0-9-]{0,62}$/);
  });

  test("has only fields of Pachyderm's published schema, under their proto names", async () => {
    const json = JSON.parse(await readFile(join(FOLDER, file), "utf8")) as Record<string, unknown>;
    expect(parseSpec(JSON.stringify(json)).pipeline?.name).toBe(spec?.pipeline.name);
    // Parts of a request, which the schema of a spec does not have; lowerCamel names would be something else than the docs show.
    for (const name of Object.keys(json)) expect(name).toMatch(/^(?!update$|reprocess$|dry_run$|spec_commit$)[a-z_]+$/);
  });

  test("asks for a pinned image, and for resources that a cluster can grant", () => {
    const { transform, resource_requests: requests, resource_limits: limits } = parsed(spec);
    expect(transform?.image).toMatch(/^stemma\/(split|spark|stemma):\d+\.\d+\.\d+$/);
    for (const resources of [requests, limits]) {
      expect(resources?.cpu).toBeGreaterThan(0);
      expect(parseQuantity(resources?.memory ?? "")).toBeGreaterThan(128 * 1024 ** 2);
    }
    expect(requests?.cpu).toBeLessThanOrEqual(limits?.cpu ?? 0);
    expect(parseQuantity(requests?.memory ?? "")).toBeLessThanOrEqual(parseQuantity(limits?.memory ?? "") ?? 0);
  });

  test("says how wide, how often and how long it may run", () => {
    const request = parsed(spec);
    expect(Number(request.parallelism_spec?.constant)).toBeGreaterThan(0);
    expect(typeof request.autoscaling).toBe("boolean");
    expect(Number(request.datum_tries)).toBeGreaterThan(0);
    expect(Number(request.datum_timeout?.seconds)).toBeGreaterThan(0);
    expect(Number(request.job_timeout?.seconds)).toBeGreaterThanOrEqual(Number(request.datum_timeout?.seconds));
  });

  test("starts its program once a worker, where it batches datums: pachd does so for each set of datums", () => {
    const { transform, datum_set_spec: set } = parsed(spec);
    if (transform?.datum_batching) expect(set?.per_worker).toBe("1");
    else expect(set?.per_worker ?? "1").toBe("1");
  });

  test("names secrets, and holds none", () => {
    const { transform } = parsed(spec);
    for (const secret of transform?.secrets ?? [])
      expect(secret).toEqual({ name: "mlflow", key: "tracking_uri", env_var: "MLFLOW_TRACKING_URI" });
    for (const name of Object.keys(transform?.env ?? {})) expect(name).not.toMatch(/pass|token|secret|key|MLFLOW/i);
  });
});

describe("pipelines, on the engine", () => {
  let running: TestEngine;
  let home: string;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "stemma-pipelines-"));
    running = await startTestEngine();
    await running.client.createSecret("mlflow", { tracking_uri: "http://127.0.0.1:1" });
  });
  afterAll(async () => {
    await running.close();
    await rm(home, { recursive: true });
  });

  test("the unchanged pachyderm-sdk reads them, and makes them; then `stemma apply` finds nothing that differs", async () => {
    await running.client.createRepo(repo("raw_data"));
    const [host = "", port = ""] = running.engine.address.split(":");
    const paths = specs.map(({ pipeline }) => join(FOLDER, `${pipeline.name}.json`));
    const env = { PYTHONDONTWRITEBYTECODE: "1" };
    const { stdout } = await execa(PYTHON, ["test/cli/sdk_creates_pipelines.py", host, port, ...paths], { env });
    expect(JSON.parse(stdout)).toEqual(specs.map(({ pipeline }) => pipeline.name));
    const { code, out } = await stemma(["apply", "-f", FOLDER, "-o", "json"], {
      cwd: process.cwd(),
      env: { PACHD_ADDRESS: running.engine.address, STEMMA_HOME: home },
    });
    const { changes } = JSON.parse(out) as { changes: Array<{ name: string; differences: Difference[] }> };
    expect(code).toBe(0);
    // The SDK sends nothing that has its type's zero value, such as "autoscaling": false.
    const real = changes.flatMap(({ differences }) => differences.filter(({ after }) => after !== false));
    expect(changes.map(({ name }) => name)).toEqual(specs.map(({ pipeline }) => pipeline.name));
    expect(real).toEqual([]);
  });
});

function parsed(spec: PipelineSpec | undefined): ReturnType<typeof parseSpec> {
  return parseSpec(spec?.json ?? "");
}
