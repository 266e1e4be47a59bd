import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import type { Readable, Writable } from "node:stream";
import { StemmaError } from "../../lineage/errors.ts";
import { LineSplitter } from "./line-splitter.ts";
import { killIfThere } from "./strays.ts";

export interface SupervisorOptions {
  /** The program that makes the namespaces, and then runs a shell that reads commands from its standard input. */
  readonly words: readonly string[];
  /** Called with the program's process as soon as it has its namespaces, before the script runs in them. */
  readonly onStart: (pid: number) => void;
  /** Makes the sandbox, and ends in `exec`, with a program that becomes the `SHELL`. */
  readonly script: string;
}

/** The supervisor's processes are gone: it was killed, from here or by somebody else. */
export class SupervisorEnded extends Error {}

/** From here on the shell's own messages are lost, and 4 is the log. */
export const SHELL = "sh -c 'exec 4>&2 2>/dev/null; echo ready; exec sh'";
/** The id that this process has outside of its namespace, which /proc shows until it is replaced. */
const WHO = "read -r pid rest < /proc/self/stat; echo $pid\n";
/** Whatever a command has left running, also outside of its group and session. */
const END_ALL = "while kill -9 -1; do (:); done";

type Stream = "output" | "errors";

/**
 * A shell, the first process of a process namespace, which runs one command after the other and ends with the engine. A
 * command then costs a fork; making the namespaces for it would cost a hundred times that.
 */
export class Supervisor {
  readonly #child: ChildProcess;
  readonly #input: Writable;
  readonly #closed: Promise<void>;
  readonly #onLine: Record<Stream, (line: string) => void>;
  /** Tells those who wait for an answer that there will be none. */
  #onEnded: () => void = () => undefined;
  /** The first process of the namespace, by the machine's numbers. */
  #pid = 0;

  private constructor([file = "", ...args]: readonly string[]) {
    // A session of its own: what the terminal sends to the engine is not for it.
    const child = spawn(file, args, { detached: true, stdio: ["pipe", "pipe", "pipe"] });
    this.#child = child;
    this.#input = child.stdin;
    this.#onLine = { output: () => undefined, errors: () => undefined };
    // It may end before it has read everything: then "close" tells.
    child.stdin.on("error", () => undefined);
    this.#follow("output", child.stdout);
    this.#follow("errors", child.stderr);
    this.#closed = new Promise((resolve) => {
      const close = (): void => {
        resolve();
        this.#onEnded();
      };
      child.once("close", close).once("error", (error) => {
        this.#onLine.errors(error.message);
        close();
      });
    });
  }

  /** Throws FAILED with what the system said where there can be no such sandbox. */
  static async start({ words, onStart, script }: SupervisorOptions): Promise<Supervisor> {
    const supervisor = new Supervisor(words);
    const said: string[] = [];
    supervisor.#onLine.errors = (line) => said.push(line);
    try {
      supervisor.#pid = Number(await supervisor.#ask(WHO));
      onStart(supervisor.#child.pid ?? 0);
      await supervisor.#ask(`${script}\n`);
      return supervisor;
    } catch (error) {
      await supervisor.kill();
      if (!(error instanceof SupervisorEnded)) throw error;
      throw new StemmaError("FAILED", `cannot make a sandbox: ${said.join("; ") || "it ended at once"}`, { cause: error });
    }
  }

  /**
   * Runs shell commands, whose standard error is 4, one at a time. Answers the exit code once they and all that they have
   * started are gone, and all that they printed was handed on. Throws SupervisorEnded.
   */
  async run(commands: string, onLine: (line: string) => void): Promise<number> {
    const mark = randomUUID();
    const ended = this.#read("output", new RegExp(`${mark} (\\d+)$`), onLine);
    const silent = this.#read("errors", new RegExp(`${mark}()$`), onLine);
    this.#input.write(`${commands}\ncode=$?; ${END_ALL}; echo "${mark} $code"; echo ${mark} >&4\n`);
    try {
      const [code] = await this.#unlessEnded(Promise.all([ended, silent]));
      return Number(code);
    } finally {
      this.#onLine.output = this.#onLine.errors = () => undefined;
    }
  }

  /** Kills it and all that it runs, and resolves when all of that is gone. */
  async kill(): Promise<void> {
    const { pid, exitCode, signalCode } = this.#child;
    // With the first process the kernel kills all others of the namespace, and only then does the program outside end.
    if (pid !== undefined && exitCode === null && signalCode === null) killIfThere(this.#pid || pid);
    await this.#closed;
  }

  #follow(stream: Stream, from: Readable): void {
    const lines = new LineSplitter((line) => this.#onLine[stream](line));
    from.on("data", (bytes: Buffer) => lines.push(bytes)).on("end", () => lines.end());
  }

  async #ask(commands: string): Promise<string> {
    const answer = this.#read("output", /^(.*)$/, () => undefined);
    this.#input.write(commands);
    return this.#unlessEnded(answer);
  }

  /** Hands lines on until one ends in the mark, and answers the mark's group. Before the mark may stand a line without an end. */
  #read(stream: Stream, mark: RegExp, onLine: (line: string) => void): Promise<string> {
    return new Promise((resolve) => {
      this.#onLine[stream] = (line) => {
        const match = mark.exec(line);
        if (match === null) return onLine(line);
        if (match.index > 0) onLine(line.slice(0, match.index));
        resolve(match[1] ?? "");
      };
    });
  }

  async #unlessEnded<T>(answer: Promise<T>): Promise<T> {
    const ended = new Promise<never>((_, reject) => {
      this.#onEnded = () => reject(new SupervisorEnded("the sandbox of the command was ended from outside"));
    });
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) await this.#closed.then(() => this.#onEnded());
    return Promise.race([answer, ended]);
  }
}
