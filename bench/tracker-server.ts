import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { MlflowClient } from "../src/mlflow/client.ts";
import { freePort } from "./free-port.ts";

export const VENV = fileURLToPath(new URL("../.venv/bin/", import.meta.url));
const START_LIMIT_MS = 180_000;

/** A real MLflow server as anyone starts it, only without the jobs that it could run: four workers and a SQLite file. */
export class TrackingServer {
  readonly uri: string;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(child: ChildProcess, folder: string, uri: string) {
    this.#child = child;
    this.#folder = folder;
    this.uri = uri;
  }

  static async start(): Promise<TrackingServer> {
    const folder = mkdtempSync(join(tmpdir(), "stemma-bench-mlflow-"));
    const port = await freePort();
    const log = openSync(join(folder, "server.log"), "w");
    const child = spawn(join(VENV, "mlflow"), ["server", "--host", "127.0.0.1", "--port", String(port)], {
      cwd: folder,
      // A group of its own, so that its workers can be ended with it.
      detached: true,
      stdio: ["ignore", log, log],
      env: { ...process.env, MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false", MLFLOW_DISABLE_TELEMETRY: "true" },
    });
    const server = new TrackingServer(child, folder, `http://127.0.0.1:${port}`);
    await server.#untilHealthy();
    return server;
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, "exit");
    process.kill(-(this.#child.pid ?? Number.NaN), "SIGKILL");
    await ended;
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 10 });
  }

  async #untilHealthy(): Promise<void> {
    const client = new MlflowClient({ uri: this.uri });
    const deadline = Date.now() + START_LIMIT_MS;
    for (;;) {
      try {
        await client.checkHealth();
        return;
      } catch (error) {
        if (Date.now() < deadline && this.#child.exitCode === null) await pause(200);
        else throw error;
      }
    }
  }
}
