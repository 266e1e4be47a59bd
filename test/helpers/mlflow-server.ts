import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../../.venv/bin/mlflow", import.meta.url));
const START_LIMIT_MS = 180_000;
const POLL_MS = 200;

export interface MlflowServer {
  readonly uri: string;
  close(): Promise<void>;
}

/** Starts a real MLflow server on a free port, with a database and artifacts of its own, and waits until it answers. */
export async function startMlflowServer(): Promise<MlflowServer> {
  const folder = await mkdtemp(join(tmpdir(), "stemma-mlflow-"));
  const port = await freePort();
  const uri = `http://127.0.0.1:${port}`;
  const log = createWriteStream(join(folder, "server.log"));
  await once(log, "open");
  const child = spawn(PROGRAM, serverArguments(folder, port), {
    cwd: folder,
    // A group of its own: the server's worker outlives its parent, so both are signalled together.
    detached: true,
    stdio: ["ignore", log, log],
    env: { ...process.env, MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false", MLFLOW_DISABLE_TELEMETRY: "true" },
  });
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(`exit ${signal ?? code}`));
  });
  const killGroup = (): void => signalGroup(child.pid);
  process.once("exit", killGroup);
  const close = async (): Promise<void> => {
    process.off("exit", killGroup);
    killGroup();
    await ended;
    log.destroy();
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  };
  const stopPolling = new AbortController();
  const problem = await Promise.race([ended, untilHealthy(uri, stopPolling.signal)]);
  stopPolling.abort();
  if (problem === undefined) return { uri, close };
  const output = await readFile(join(folder, "server.log"), "utf8");
  await close();
  throw new Error(`the MLflow server of the tests did not start (${problem}):\n${output.slice(-2000)}`);
}

function serverArguments(folder: string, port: number): string[] {
  const store = `sqlite:///${join(folder, "mlflow.db")}`;
  const artifacts = join(folder, "artifacts");
  const place = ["--host", "127.0.0.1", "--port", String(port), "--workers", "1"];
  return ["server", ...place, "--backend-store-uri", store, "--artifacts-destination", artifacts, "--serve-artifacts"];
}

/** Nothing of a test server is worth a slow, orderly end. */
function signalGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Resolves to undefined once the server answers, or to what is wrong when the limit is reached. */
async function untilHealthy(uri: string, signal: AbortSignal): Promise<string | undefined> {
  const deadline = Date.now() + START_LIMIT_MS;
  while (Date.now() < deadline && !signal.aborted) {
    if (await isHealthy(uri)) return undefined;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return `no answer in ${START_LIMIT_MS / 1000} s`;
}

async function isHealthy(uri: string): Promise<boolean> {
  try {
    const answer = await fetch(`${uri}/health`);
    return answer.ok;
  } catch (error) {
    if (error instanceof TypeError) return false; // fetch's way to say that nobody listens yet
    throw error;
  }
}

/**
 * A port of 127.0.0.1 that is free now, and stays so: it lies below the ports that the system gives to connections and to
 * servers that ask for any (32768 and up on Linux), and each of Vitest's workers draws from a range of its own.
 */
export async function freePort(): Promise<number> {
  const worker = Number(process.env.VITEST_POOL_ID ?? 0) % 8;
  for (;;) {
    const port = 12_000 + worker * 2_500 + randomInt(2_500);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!free) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}
