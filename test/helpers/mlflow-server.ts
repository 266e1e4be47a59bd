import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Interface, createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const PYTHON = fileURLToPath(new URL("../../.venv/bin/python", import.meta.url));
const PROGRAM = fileURLToPath(new URL("mlflow-server.py", import.meta.url));
const CACHE = fileURLToPath(new URL("../../node_modules/.cache/mlflow", import.meta.url));
const START_LIMIT_MS = 180_000;
const POLL_MS = 100;

/** Starts a real MLflow server on a free port, with a database and artifacts of its own, and waits until it answers. */
export async function startMlflowServer(): Promise<MlflowServer> {
  const folder = await mkdtemp(join(tmpdir(), "stemma-mlflow-"));
  const server = new MlflowServer(folder, await freePort());
  try {
    await server.start();
    return server;
  } catch (error) {
    const output = await readFile(join(folder, "server.log"), "utf8");
    await server.close();
    throw new Error(`the MLflow server of the tests did not start:\n${output.slice(-2000)}`, { cause: error });
  }
}

/** A real MLflow server with one worker, which can be killed and started again. */
export class MlflowServer {
  readonly uri: string;
  readonly #folder: string;
  readonly #process: ChildProcess;
  readonly #ended: Promise<string>;
  readonly #answers: Interface;
  readonly #killGroup = (): void => signalGroup(this.#process.pid);

  /** Loads MLflow. */
  constructor(folder: string, port: number) {
    this.uri = `http://127.0.0.1:${port}`;
    this.#folder = folder;
    // A group of its own, so that the server is signalled together with the process that forks it.
    const child = spawn(PYTHON, [PROGRAM, folder, String(port), CACHE], { cwd: folder, detached: true, stdio: "pipe" });
    child.stderr.pipe(createWriteStream(join(folder, "server.log")));
    child.stdin.on("error", () => undefined); // When it is gone, that is told by its end.
    this.#answers = createInterface({ input: child.stdout });
    this.#ended = new Promise((resolve) => {
      child.once("error", (error) => resolve(error.message));
      child.once("exit", (code, signal) => resolve(`exit ${signal ?? code}`));
    });
    this.#process = child;
    process.once("exit", this.#killGroup);
  }

  /** Starts the server and waits until it answers; starting it again keeps its port, its database and its artifacts. */
  async start(): Promise<void> {
    await this.#tell("start");
    await this.#whileAlive(untilHealthy(this.uri, () => this.#process.exitCode === null));
  }

  /** Ends the server in the middle of whatever it does. */
  async kill(): Promise<void> {
    await this.#tell("kill");
  }

  /** Nothing of a test server is worth a slow, orderly end. */
  async close(): Promise<void> {
    process.off("exit", this.#killGroup);
    this.#killGroup();
    await this.#ended;
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 10 });
  }

  async #tell(command: string): Promise<void> {
    const done = once(this.#answers, "line");
    this.#process.stdin?.write(`${command}\n`);
    await this.#whileAlive(done);
  }

  async #whileAlive<Value>(promise: Promise<Value>): Promise<Value> {
    const dead = this.#ended.then((how) => Promise.reject(new Error(how)));
    return Promise.race([promise, dead]);
  }
}

function signalGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function untilHealthy(uri: string, isAlive: () => boolean): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  while (!(await isHealthy(uri))) {
    if (!isAlive() || Date.now() > deadline) throw new Error(`no answer in ${START_LIMIT_MS / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
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
