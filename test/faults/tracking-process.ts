import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { TrackingPlace } from "./tracking-call.ts";
import type { DatumJob } from "./tracking-job.ts";

const PROGRAM = fileURLToPath(new URL("../../bin/stemma.js", import.meta.url));

/** `stemma track` as a process of its own, to be killed together with its command: as a pod ends that is evicted. */
export class TrackerProcess {
  readonly #process: ChildProcessByStdio<null, Readable, null>;
  readonly #ended: Promise<unknown>;

  constructor({ uri, experiment }: Omit<TrackingPlace, "timeoutMs">, { env, out }: DatumJob, script: string) {
    const argv = [PROGRAM, "track", "--mlflow", uri, "--experiment", experiment, "--", "sh", "-c", script];
    this.#process = spawn(process.execPath, argv, { env, cwd: out, detached: true, stdio: ["ignore", "pipe", "ignore"] });
    this.#ended = once(this.#process, "exit");
  }

  /** Resolves when the command has printed something, or all is over. */
  async printed(): Promise<void> {
    await Promise.race([once(this.#process.stdout, "data"), this.#ended]);
  }

  async kill(): Promise<void> {
    const { pid } = this.#process;
    if (pid === undefined) throw new Error("stemma track was not started");
    try {
      process.kill(-pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
    await this.#ended;
  }
}
