import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import process from "node:process";
import type { Readable, Writable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import type { Environment } from "../ports.ts";

/** How a command ended. */
export interface ChildEnd {
  readonly status: "FINISHED" | "FAILED" | "KILLED";
  /** As a shell tells it: the command's own, 128 + signal, 127 not found, 126 not executable. */
  readonly exitCode: number;
  /** The end in words, as `exit code 3`; empty for a good one. */
  readonly how: string;
}

export interface ChildOptions {
  readonly cwd: string;
  readonly env: Environment;
  /** Sees what the command prints, before it is passed on to our own stdout and stderr. Without it the command has these for itself. */
  readonly onOutput?: ((stream: "stdout" | "stderr", bytes: Buffer) => void) | undefined;
}

export interface Child {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  readonly ended: Promise<ChildEnd>;
}

const PASSED_ON = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** With these codes shells, and a Java machine, tell that a signal ended them: SIGHUP, SIGINT, SIGKILL, SIGTERM. */
const SIGNAL_CODES: ReadonlySet<number> = new Set([1, 2, 9, 15].map((signal) => 128 + signal));
/** Something that the command left running may hold its output open for ever. */
const OUTPUT_LIMIT_MS = 2000;

/** Starts a command with our own stdin, passes signals on to it, and waits for its end. */
export function startChild(command: readonly string[], { cwd, env, onOutput }: ChildOptions): Child {
  const [program = "", ...words] = command;
  const signals = new SignalRelay();
  try {
    const stdio: StdioOptions = onOutput === undefined ? "inherit" : ["inherit", "pipe", "pipe"];
    const child = spawn(program, words, { cwd, env: { ...env }, stdio });
    signals.passTo(child);
    const output = onOutput === undefined ? Promise.resolve() : passOutput(child, onOutput);
    const ended = endOf(child, signals, output)
      .catch((error: unknown) => notStarted(program, error))
      .finally(() => signals.stop());
    return { pid: child.pid, ended };
  } catch (error) {
    signals.stop();
    return { pid: undefined, ended: Promise.resolve(notStarted(program, error)) };
  }
}

async function endOf(child: ChildProcess, signals: SignalRelay, output: Promise<void>): Promise<ChildEnd> {
  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  await Promise.race([output, pause(OUTPUT_LIMIT_MS, undefined, { ref: false })]);
  child.stdout?.destroy();
  child.stderr?.destroy();
  return toEnd(code, signal, signals.hasPassedOne);
}

async function passOutput(child: ChildProcess, onOutput: NonNullable<ChildOptions["onOutput"]>): Promise<void> {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) return;
  await Promise.all([
    pass(stdout, process.stdout, (bytes) => onOutput("stdout", bytes)),
    pass(stderr, process.stderr, (bytes) => onOutput("stderr", bytes)),
  ]);
}

function pass(from: Readable, to: Writable, look: (bytes: Buffer) => void): Promise<void> {
  // Who reads our output may go away (`stemma track … | head`): then the command's own breaks, as it would by itself.
  const breakPipe = (): void => void from.destroy();
  to.once("error", breakPipe);
  return new Promise((resolve) => {
    from.on("data", (bytes: Buffer) => {
      look(bytes);
      if (to.write(bytes)) return;
      from.pause();
      to.once("drain", () => from.resume());
    });
    from.once("close", () => {
      to.off("error", breakPipe);
      resolve();
    });
  });
}

/** Takes the signals that would end us, and gives them to the child. */
class SignalRelay {
  hasPassedOne = false;
  #child: ChildProcess | undefined;
  #isFirstInterrupt = true;
  readonly #relay = (signal: NodeJS.Signals): void => this.#pass(signal);

  constructor() {
    for (const signal of PASSED_ON) process.on(signal, this.#relay);
  }

  passTo(child: ChildProcess): void {
    this.#child = child;
  }

  stop(): void {
    for (const signal of PASSED_ON) process.off(signal, this.#relay);
  }

  #pass(signal: NodeJS.Signals): void {
    this.hasPassedOne = true;
    // At a terminal Ctrl-C goes to the whole group of processes: the child has had it. Who insists gets it passed on.
    const hasHadIt = signal === "SIGINT" && process.stdin.isTTY && this.#isFirstInterrupt;
    if (signal === "SIGINT") this.#isFirstInterrupt = false;
    if (!hasHadIt) this.#child?.kill(signal);
  }
}

function toEnd(code: number | null, signal: NodeJS.Signals | null, wasSignalled: boolean): ChildEnd {
  if (signal !== null) return { status: "KILLED", exitCode: 128 + constants.signals[signal], how: signal };
  const exitCode = code ?? 1;
  if (exitCode === 0) return { status: "FINISHED", exitCode, how: "" };
  const status = wasSignalled || SIGNAL_CODES.has(exitCode) ? "KILLED" : "FAILED";
  return { status, exitCode, how: `exit code ${exitCode}` };
}

function notStarted(program: string, error: unknown): ChildEnd {
  if (!(error instanceof Error)) throw error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  if (code === "ENOENT") return { status: "FAILED", exitCode: 127, how: `command not found: ${program}` };
  return { status: "FAILED", exitCode: 126, how: `cannot execute ${program}: ${code}` };
}
