import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findPachyderm } from "../../src/cli/find-pachyderm.ts";
import { MlflowClient } from "../../src/mlflow/client.ts";
import { type CommandResult, stemma } from "../cli/terminal.ts";
import { pipeline, repo, shellSpec } from "../helpers/engine.ts";
import { freePort } from "../helpers/mlflow-server.ts";

/** The MLflow server and the engine as `stemma up --artifacts-in-pachyderm` starts them. */
describe("MLflow's artifacts in Pachyderm", () => {
  const cwd = mkdtempSync(join(tmpdir(), "stemma-artifacts-"));
  // An S3 of the user's own, and a proxy, are no business of the gateway.
  const env = {
    ...process.env,
    PACHD_ADDRESS: undefined,
    MLFLOW_TRACKING_URI: undefined,
    STEMMA_HOME: undefined,
    AWS_PROFILE: "of-the-user",
    AWS_SESSION_TOKEN: "of-the-user",
    HTTP_PROXY: "http://127.0.0.1:1",
    NO_PROXY: "localhost",
  };
  let up: CommandResult;
  let mlflowPort = 0;
  let s3Port = 0;

  beforeAll(async () => {
    const enginePort = await freePort();
    mlflowPort = await freePort();
    s3Port = await freePort();
    const ports = ["--engine-port", `${enginePort}`, "--mlflow-port", `${mlflowPort}`, "--s3-port", `${s3Port}`];
    up = await stemma(["up", ...ports, "--artifacts-in-pachyderm"], { cwd, env });
  }, 240_000);
  afterAll(async () => {
    await stemma(["down"], { cwd, env });
    rmSync(cwd, { recursive: true });
  });

  async function list(place: string): Promise<string[]> {
    const { out } = await stemma(["ls", `artifacts@master:${place}`, "-o", "json"], { cwd, env });
    return (JSON.parse(out) as { files: { path: string }[] }).files.map(({ path }) => path);
  }

  test("status shows where they are, and up leaves it so", async () => {
    expect(up).toMatchObject({ code: 0 });
    const status = await stemma(["status", "-o", "json"], { cwd, env });
    expect(JSON.parse(status.out)).toMatchObject({
      engine: { state: "running", s3: `http://127.0.0.1:${s3Port}` },
      mlflow: { state: "running", artifacts: "s3://master.artifacts" },
    });
    expect((await stemma(["status"], { cwd, env })).out).toMatch(/S3 http:\S+ [^]*artifacts s3:\/\/master\.artifacts/);
    expect((await stemma(["up"], { cwd, env })).err.match(/already running/g)).toHaveLength(2);
    expect(await stemma(["up", "--no-artifacts-in-pachyderm"], { cwd, env })).toMatchObject({
      code: 2,
      err: `stemma: the MLflow server already runs with its artifacts behind the S3 gateway on port ${s3Port}; stop it first with "stemma down"\n`,
    });
  });

  test("what MLflow's own client logs, small, large and as a model, is in the repo and comes back byte for byte", async () => {
    const script = join("test", "e2e", "mlflow_artifacts.py");
    const uri = `http://127.0.0.1:${mlflowPort}`;
    const { stdout } = await execa(join(".venv", "bin", "python"), [script, uri, join(cwd, "made")], {
      env: { ...process.env, NO_PROXY: "*" },
    });
    const seen = JSON.parse(stdout.slice(stdout.lastIndexOf("\n") + 1)) as Record<string, unknown>;
    expect(seen).toMatchObject({
      same: true,
      // MLflow's answer leaves out a size that is zero.
      listed: { "made/big.bin": 20 * 1024 * 1024 + 1, "made/empty": null, "made/notes.txt": 12, "made/plots": null },
      predicted: [2, 4, 6],
      left: ["made/big.bin", "made/empty", "made/notes.txt"],
    });
    const folder = `/0/${String(seen["run"])}/artifacts/made/`;
    expect(await list(folder)).toEqual(["big.bin", "empty", "notes.txt"].map((name) => `${folder}${name}`));
    expect(await list(`/0/models/${String(seen["model"])}/artifacts/`)).toContainEqual(expect.stringMatching(/\/MLmodel$/));
    const notes = await stemma(["get", `artifacts@master:${folder}notes.txt`, "-o", "-"], { cwd, env });
    expect(notes.out).toBe("a few words\n");
  });

  test("our own client sends a large file straight to the gateway, in parts", async () => {
    const mlflow = new MlflowClient({ uri: `http://127.0.0.1:${mlflowPort}`, multipartBytes: 16 * 1024 * 1024 });
    const content = randomBytes(16 * 1024 * 1024 + 1);
    await writeFile(join(cwd, "large.bin"), content);
    const run = await mlflow.createRun({ experimentId: "0", name: "large", startTime: new Date(), tags: {} });
    await mlflow.putArtifact(run, "in parts/large.bin", { file: join(cwd, "large.bin") });
    expect(await Array.fromAsync(mlflow.listArtifacts(run.id))).toEqual([
      { path: "in parts/large.bin", sizeBytes: content.length },
    ]);
    const place = `artifacts@master:/0/${run.id}/artifacts/in parts/large.bin`;
    await stemma(["get", place, "-o", join(cwd, "back.bin")], { cwd, env });
    expect((await readFile(join(cwd, "back.bin"))).equals(content)).toBe(true);
    const log = await readFile(join(cwd, ".stemma", "logs", "mlflow.log"), "utf8");
    expect(log).toMatch(new RegExp(`POST \\S+/mpu/complete/0/${run.id}/\\S+ HTTP/1.1" 200`));
  });

  test("a tracked job's artifacts go there too, and its run still leads to the data", async () => {
    using pachyderm = findPachyderm(env, cwd);
    await pachyderm.createRepo(repo("data"));
    await writeFile(join(cwd, "rows.csv"), "1,2\n");
    await stemma(["put", "data@master:/rows.csv", join(cwd, "rows.csv")], { cwd, env });
    const spec = shellSpec("copy", "data", "", {
      transform: {
        cmd: ["stemma", "track", "--", "sh", "-c", 'cp /pfs/data/rows.csv "$STEMMA_ARTIFACTS/copied.csv"'],
        secrets: [{ name: "mlflow", key: "tracking_uri", env_var: "MLFLOW_TRACKING_URI" }],
      },
    });
    await writeFile(join(cwd, "copy.json"), spec);
    expect(await stemma(["apply", "-f", join(cwd, "copy.json")], { cwd, env })).toMatchObject({ code: 0 });
    const { commit } = await pachyderm.inspectCommit({ repo: repo("copy"), at: "master" }, "FINISHED");
    await pachyderm.inspectJob({ pipeline: pipeline("copy"), id: commit.id }, { wait: true });
    const [card] = await Array.fromAsync(pachyderm.listFiles({ repo: repo("copy"), at: "master" }, "/"));
    const runId = card?.path.slice(1) ?? "";
    const kept = ["copied.csv", "pachyderm/", "pachyderm/pipeline.json"].map((path) => `/0/${runId}/artifacts/${path}`);
    expect(kept).toEqual(expect.arrayContaining(await list(`/0/${runId}/artifacts/`)));
    expect(await list(`/0/${runId}/artifacts/`)).toContain(kept[0]);
    const trace = await stemma(["trace", runId, "--up"], { cwd, env });
    expect(trace).toMatchObject({ code: 0, out: expect.stringContaining("/rows.csv") });
  });
});
