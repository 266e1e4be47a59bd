import type { JobRow } from "../pps/jobs.ts";
import type { PipelineSpec, Program } from "../pps/pipeline-spec.ts";
import type { SecretFile } from "../sandbox/secret-files.ts";
import type { Slot } from "../sandbox/slot.ts";
import type { UserAccount } from "../sandbox/user-account.ts";
import type { EngineState } from "../state.ts";
import type { JobEnvironment } from "./environment.ts";
import type { RunningDatums } from "./running-datums.ts";
import { timeLimit } from "./time-limit.ts";

/** What is known of a job while it runs. */
export interface JobWork {
  readonly state: EngineState;
  readonly job: JobRow;
  readonly spec: PipelineSpec;
  readonly environment: JobEnvironment;
  readonly secretFiles: readonly SecretFile[];
  readonly workingDirectory: string;
  readonly account: UserAccount | undefined;
  /** Ends the job's work; its reason says why. */
  readonly signal: AbortSignal;
  readonly running: RunningDatums;
  /** A line of the log: `user` for what the command itself has printed. The datum is empty for none. */
  readonly log: (datum: string, user: boolean, message: string) => void;
}

/** What has a datum's files in /pfs worked on. */
export interface Processor {
  /** Whether a program goes on running in the slot between datums. */
  readonly keepsSlot: boolean;
  /** Answers what went wrong, or nothing. Ends what it does when the signal aborts, or the spec's time for a datum is up. */
  process(datum: string, variables: Readonly<Record<string, string>>, signal: AbortSignal): Promise<string>;
  /** Ends what still runs in the slot, so that another command can. */
  release(): Promise<void>;
  close(): Promise<void>;
}

/** A worker as it is by default: the program is started for each datum. */
export class OneDatumAtATime implements Processor {
  readonly keepsSlot = false;
  readonly #work: JobWork;
  readonly #slot: Slot;

  constructor(work: JobWork, slot: Slot) {
    this.#work = work;
    this.#slot = slot;
  }

  async process(datum: string, variables: Readonly<Record<string, string>>, signal: AbortSignal): Promise<string> {
    const { program, acceptedCodes } = this.#work.spec;
    using limit = datumLimit(this.#work.spec);
    const run = { program, datum: () => datum, variables, signal: AbortSignal.any([signal, limit.signal]) };
    const { code, reason } = await runProgram(this.#work, this.#slot, run);
    return reason || (code === 0 || acceptedCodes.includes(code) ? "" : `exit code ${code}`);
  }

  async release(): Promise<void> {}

  async close(): Promise<void> {}
}

/** The time that a program has for a datum. */
export function datumLimit({ datumTimeoutMs }: PipelineSpec): ReturnType<typeof timeLimit> {
  return timeLimit(datumTimeoutMs, `datum timed out after ${(datumTimeoutMs ?? 0) / 1000}s`);
}

export interface ProgramRun {
  readonly program: Program;
  /** The datum that it works on at the moment, to which belongs what it prints. */
  readonly datum: () => string;
  readonly variables: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Runs one of the spec's programs in a slot. */
export function runProgram(
  work: JobWork,
  slot: Slot,
  { program, datum, variables, signal }: ProgramRun,
): ReturnType<Slot["run"]> {
  const { inherited, open, secret } = work.environment;
  const home = work.account?.home;
  const command = {
    words: program.command,
    stdin: program.stdin.map((line) => `${line}\n`).join(""),
    environment: { ...inherited, ...(home === undefined ? {} : { HOME: home }), ...open, ...secret, ...variables },
  };
  return slot.run(command, { signal, onLine: (line) => work.log(datum(), true, line) });
}
