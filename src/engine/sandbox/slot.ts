import type { SecretFile } from "./secret-files.ts";
import type { UserAccount } from "./user-account.ts";

/** What a slot is made of, in either kind of sandbox. */
export interface SlotOptions {
  /** Where it keeps what it needs on this machine; it is the slot's alone. */
  readonly folder: string;
  readonly workingDirectory: string;
  /** Whom commands run as, if not as the engine's own user. */
  readonly account: UserAccount | undefined;
  readonly secretFiles: readonly SecretFile[];
}

/** A program of a user's. */
export interface Command {
  readonly words: readonly string[];
  readonly stdin: string;
  /** All that it gets: nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface Ended {
  /** The exit code, or 128 and the signal's number, as shells give it. */
  readonly code: number;
  /** Why it was ended from here, or could not be started. Empty when it ended by itself. */
  readonly reason: string;
}

export interface RunOptions {
  /** Ends the command and all that it has started; the signal's reason is an error, whose message says why. */
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
}

/**
 * A place in which the commands of one job run, one after the other: what a worker is on Pachyderm. Whatever a command has
 * started is gone when it has ended, and the slot ends with the engine.
 */
export interface Slot {
  /** The folder on this machine that commands know as /pfs. What is in it is changed between commands. */
  readonly pfs: string;
  /** A text that names /pfs, as commands of this slot have to read it. */
  readonly toText: (text: string) => string;
  run(command: Command, options: RunOptions): Promise<Ended>;
  /** Ends what is left, and removes the slot's folder. */
  close(): Promise<void>;
}

/** Why a signal ended what it was given to; empty while it has not. */
export function reasonOf(signal: AbortSignal): string {
  if (!signal.aborted) return "";
  return signal.reason instanceof Error ? signal.reason.message : String(signal.reason);
}
