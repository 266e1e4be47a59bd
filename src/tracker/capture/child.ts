import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import process from "node:process";
import type { Environment } from "../ports.ts";

/** How a command ended. */
export interface ChildEnd {
  readonly status: "FINISHED" | "FAILED" | "KILLED";
  /** As a shell tells it: the command's own, 128 + signal, 127 not found, 126 not executable. */
  readonly exitCode: number;
  /** The end in words, as `exit code 3`; empty for a good one. */
  readonly how: string;
}

const PASSED_ON = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** With these codes shells, and a Java machine, tell that a signal ended them: SIGHUP, SIGINT, SIGKILL, SIGTERM. */
const SIGNAL_CODES: ReadonlySet<number> = new Set([1, 2, 9, 15].map((signal) => 128 + signal));

/** Runs a command with our own stdin, stdout and stderr, passes signals on to it, and waits for its end. */
export async function runChild(command: readonly string[], { cwd, env }: { cwd: string; env: Environment }): Promise<ChildEnd> {
  const [program = "", ...words] = command;
  const signals = new SignalRelay();
  try {
    const child = spawn(program, words, { cwd, env: { ...env }, stdio: "inherit" });
    signals.passTo(child);
    return await new Promise<ChildEnd>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code, signal) => resolve(endOf(code, signal, signals.hasPassedOne)));
    });
  } catch (error) {
    return notStarted(program, error);
  } finally {
    signals.stop();
  }
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

function endOf(code: number | null, signal: NodeJS.Signals | null, wasSignalled: boolean): ChildEnd {
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
