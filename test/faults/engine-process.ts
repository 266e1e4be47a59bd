import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

const CHILD = fileURLToPath(new URL("engine-child.ts", import.meta.url));
const COMPILE_CACHE = fileURLToPath(new URL("../../node_modules/.cache/compile", import.meta.url));

export interface EngineProcessOptions {
  /** A command that runs the one behind it, in the same process. */
  readonly around?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
  readonly gid?: number;
}

/** An engine as a process of its own, to be killed. */
export class EngineProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lines: AsyncIterator<string>;
  readonly #exited: Promise<unknown>;
  #log = "";

  /** Begins to load the engine's code, perhaps as another user. */
  constructor({ around = [], env = process.env, ...account }: EngineProcessOptions = {}) {
    const [file, ...args] = [...around, process.execPath, CHILD];
    this.#child = spawn(file, args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...env, NODE_COMPILE_CACHE: COMPILE_CACHE },
      ...account,
    });
    this.#exited = once(this.#child, "exit");
    this.#child.stdin.on("error", () => undefined); // It may be killed before it reads.
    this.#child.stderr.on("data", (text: Buffer) => (this.#log += text.toString()));
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** All that it has logged. */
  get log(): string {
    return this.#log;
  }

  /** Waits until the code is loaded. */
  async loaded(): Promise<void> {
    await this.#nextLine();
  }

  /** Starts the engine and answers its address; undefined when it was killed before. */
  async start(home: string): Promise<string | undefined> {
    this.#child.stdin.write(`${home}\n`);
    return this.#nextLine();
  }

  /** Ends it at once, in the middle of whatever it does. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  async #nextLine(): Promise<string | undefined> {
    const { done, value } = await this.#lines.next();
    return done === true ? undefined : value;
  }
}
