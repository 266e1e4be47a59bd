import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Samples } from "./empty-server.ts";

const STEMMA = fileURLToPath(new URL("../bin/stemma.js", import.meta.url));
const EMPTY_SERVER = fileURLToPath(new URL("empty-server.ts", import.meta.url));

/** An engine in a process of its own, in a folder of its own. */
export class EngineProcess {
  readonly address: string;
  readonly home: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, home: string, address: string) {
    this.#child = child;
    this.home = home;
    this.address = address;
  }

  static async start(): Promise<EngineProcess> {
    const home = mkdtempSync(join(tmpdir(), "stemma-bench-engine-"));
    const child = spawn(process.execPath, [STEMMA, "engine", "--listen", "127.0.0.1:0", "--s3-listen", "off", "--home", home], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    for await (const line of createInterface({ input: child.stderr })) {
      const address = /listening on ([\d.:]+)/.exec(line)?.[1];
      if (address === undefined) continue;
      child.stderr.pipe(process.stderr);
      return new EngineProcess(child, home, address);
    }
    throw new Error("the engine ended before it listened");
  }

  /** The most memory that it has had resident so far, in MiB (Linux). */
  peakMiB(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await once(this.#child, "exit");
    rmSync(this.home, { recursive: true });
  }
}

/** The server that does nothing, in a process of its own. */
export class EmptyServer {
  readonly address: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, address: string) {
    this.#child = child;
    this.address = address;
  }

  static async start(): Promise<EmptyServer> {
    const child = fork(EMPTY_SERVER, { serialization: "advanced" });
    const [port] = (await once(child, "message")) as [number];
    return new EmptyServer(child, `127.0.0.1:${port}`);
  }

  /** Sends these from now on. */
  async use(samples: Samples): Promise<void> {
    this.#child.send(samples);
    await once(this.#child, "message");
  }

  async stop(): Promise<void> {
    this.#child.disconnect();
    await once(this.#child, "exit");
  }
}
