import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { StemmaError } from "../lineage/errors.ts";
import type { Launch } from "./sandbox.ts";

export interface Ended {
  /** The exit code, or 128 and the signal's number as shells give it. */
  readonly code: number;
  /** Why it could not be started, or was ended from here. Empty when it ended by itself. */
  readonly reason: string;
}

interface Options {
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
  readonly onLine: (line: string) => void;
}

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
};

/**
 * Runs a user's command in its own process group, and its output line by line into the log. At the end, and when the signal
 * aborts or the time is up, whatever is left of the group is killed.
 */
export async function runUserProcess(launch: Launch, { signal, timeoutMs, onLine }: Options): Promise<Ended> {
  const child = spawn(launch.file, launch.args, {
    cwd: launch.workingDirectory,
    env: launch.environment,
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  let reason = "";
  const kill = (why: string): void => {
    reason ||= why;
    killGroup(child);
  };
  const onAbort = (): void => kill("stopped");
  signal.addEventListener("abort", onAbort);
  const timer =
    timeoutMs === undefined ? undefined : setTimeout(() => kill(`datum timed out after ${timeoutMs / 1000}s`), timeoutMs);
  try {
    if (signal.aborted) onAbort();
    // A command that ends before it has read all of its input is no error of ours.
    child.stdin.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") onLine(`standard input: ${error.message}`);
    });
    child.stdin.end(launch.stdin);
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", onLine);
    const { code, signalName } = await ended(child);
    return { code: code ?? 128 + (SIGNAL_NUMBERS[signalName ?? ""] ?? 0), reason };
  } catch (error) {
    if (!(error instanceof StemmaError)) throw error;
    return { code: 127, reason: error.message };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    killGroup(child);
  }
}

/** Resolves when the process has ended and, unless somebody it left behind keeps them open, its output was read. */
function ended(child: ChildProcess): Promise<{ code: number | null; signalName: string | null }> {
  return new Promise((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) =>
      reject(new StemmaError("FAILED", `cannot start: ${error.message}`, { cause: error })),
    );
    // What a command leaves running in its group is killed, and with it the pipes that it holds: "close" follows.
    child.once("exit", () => killGroup(child));
    child.once("close", (code, signalName) => resolve({ code, signalName }));
  });
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    // ESRCH: nothing is left of the group, which is the wish.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
