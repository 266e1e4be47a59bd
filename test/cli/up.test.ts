import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import { startTestEngine } from "../helpers/engine.ts";
import { freePort } from "../helpers/mlflow-server.ts";
import { stemma } from "./terminal.ts";

let cwd: string;
const env = { ...process.env, PACHD_ADDRESS: undefined, MLFLOW_TRACKING_URI: undefined, STEMMA_HOME: undefined };

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "stemma-up-"));
});
afterEach(async () => {
  await stemma(["down"], { cwd, env });
  rmSync(cwd, { recursive: true });
});

describe("stemma up", () => {
  test("starts the engine and MLflow once, status shows them, and down stops them", { timeout: 240_000 }, async () => {
    const [enginePort, mlflowPort, s3Port] = [await freePort(), await freePort(), await freePort()];
    const ports = ["--engine-port", `${enginePort}`, "--mlflow-port", `${mlflowPort}`, "--s3-port", `${s3Port}`];
    const up = await stemma(["up", ...ports], { cwd, env });
    expect(up).toMatchObject({ code: 0, out: "Ready. Stop it with: stemma down\n" });

    const status = await stemma(["status", "-o", "json"], { cwd, env });
    expect(status.code).toBe(0);
    const shown = JSON.parse(status.out) as Record<string, { pid: number; logFile: string }>;
    expect(shown).toMatchObject({
      engine: { state: "running", address: `127.0.0.1:${enginePort}`, s3: `http://127.0.0.1:${s3Port}` },
      mlflow: { state: "running", address: `http://127.0.0.1:${mlflowPort}` },
    });
    expect(readFileSync(shown["engine"]?.logFile ?? "", "utf8")).toContain(`listening on 127.0.0.1:${enginePort}`);

    const again = await stemma(["up"], { cwd, env });
    expect(again.code).toBe(0);
    expect(again.err.match(/already running/g)).toHaveLength(2);
    expect(await stemma(["status", "-o", "json"], { cwd, env })).toEqual(status);

    const down = await stemma(["down"], { cwd, env });
    expect(down.out).toBe(
      `engine: stopped (process ${shown["engine"]?.pid})\nMLflow: stopped (process ${shown["mlflow"]?.pid})\n`,
    );
    expect(await stemma(["status"], { cwd, env })).toMatchObject({ code: 1, out: expect.stringContaining("engine  stopped") });
    expect(await stemma(["down"], { cwd, env })).toMatchObject({
      code: 0,
      out: "engine: was not running\nMLflow: was not running\n",
    });
  });

  test("starts nothing that is given from outside", async () => {
    const outside = await startTestEngine();
    try {
      const given = { ...env, PACHD_ADDRESS: outside.engine.address, MLFLOW_TRACKING_URI: inject("mlflowUri") };
      const up = await stemma(["up"], { cwd, env: given });
      expect(up.code).toBe(0);
      expect(up.err).toContain(`engine: not started, as PACHD_ADDRESS is ${outside.engine.address}`);
      expect(up.err).toContain(`MLflow: not started, as MLFLOW_TRACKING_URI is ${inject("mlflowUri")}`);
      expect(existsSync(join(cwd, ".stemma"))).toBe(false);
      expect(await stemma(["status"], { cwd, env: given })).toMatchObject({
        code: 0,
        out: expect.stringMatching(/^engine {2}running/),
      });
    } finally {
      await outside.close();
    }
  });

  test.each([
    ["--engine-port", { MLFLOW_TRACKING_URI: "http://127.0.0.1:1" }],
    ["--mlflow-port", { PACHD_ADDRESS: "127.0.0.1:1" }],
  ])("says in one line that a port is taken, and how to give another: %s", async (option, given) => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const up = await stemma(["up", option, `${port}`], { cwd, env: { ...env, ...given } });
    other.close();
    expect(up.code).toBe(2);
    expect(up.err.trim().split("\n").at(-1)).toBe(`stemma: port ${port} is taken; give another with ${option}`);
    expect(existsSync(join(cwd, ".stemma"))).toBe(false);
  });

  test("stops again what it has started when the other service cannot start", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const up = await stemma(["up", "--engine-port", `${port}`, "--mlflow-port", `${await freePort()}`], { cwd, env });
    other.close();
    expect(up.code).toBe(2);
    const { out, code } = await stemma(["status", "-o", "json"], { cwd, env });
    expect(code).toBe(1);
    expect(out).not.toContain('"pid"');
  });

  test.each(["0", "65536", "http"])("%s is no port", async (port) => {
    const up = await stemma(["up", "--engine-port", port], { cwd, env });
    expect(up).toEqual({ code: 2, out: "", err: `stemma: --engine-port is "${port}", but must be a port from 1 to 65535.\n` });
  });
});

describe("stemma engine", () => {
  test.each(["0.0.0.0:30650", "pachd.example:30650"])("does not open this machine to others: %s", async (address) => {
    const { code, err } = await stemma(["engine", "--listen", address, "--home", join(cwd, "engine")], { cwd, env });
    expect(code).toBe(2);
    expect(err).toContain("needs a token and TLS to listen there");
    expect(err.trim().split("\n")).toHaveLength(1);
  });

  test("says in one line that its port is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const engine = await stemma(["engine", "--listen", `127.0.0.1:${port}`, "--home", join(cwd, "engine")], { cwd, env });
    other.close();
    expect(engine).toEqual({ code: 2, out: "", err: `stemma: port ${port} is taken; give another with --listen HOST:PORT\n` });
  });
});
