import type { EngineState } from "../state.ts";
import { storageFault } from "../store/storage-fault.ts";
import type { Transaction } from "../transaction.ts";

/** Who says a line: the user's program, the worker that runs it, or the engine about the job. */
type LogSource = "user" | "worker" | "master";

export interface LogLine {
  /** The job's row. */
  readonly job: number;
  /** Empty for what is not about one datum. */
  readonly datum: string;
  readonly source: LogSource;
  readonly message: string;
}

export interface LogRow extends LogLine {
  readonly id: number;
  /** In milliseconds since 1970. */
  readonly time: number;
}

const FLUSH_MS = 200;
/** A program that prints without end is to fill the disk, if anything, and not the memory. */
const MOST_WAITING = 1000;

/** What jobs print, and what is said of them; kept in the database in small batches. */
export class JobLog {
  readonly #state: EngineState;
  readonly #report: (line: string) => void;
  #waiting: Omit<LogRow, "id">[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** `report` hears of lines that could not be kept. */
  constructor(state: EngineState, report: (line: string) => void) {
    this.#state = state;
    this.#report = report;
  }

  add(line: LogLine): void {
    this.#waiting.push({ ...line, time: Date.now() });
    if (this.#waiting.length >= MOST_WAITING) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }

  /** Puts what waits into the database. Where the disk is full it is lost: a job must not stop the engine with it. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const { length } = this.#waiting;
    try {
      this.#state.write((tx) => this.flushIn(tx));
    } catch (error) {
      const fault = storageFault(error);
      if (fault === undefined) throw error;
      this.#report(`${length} lines of jobs were lost: ${fault.message}`);
    }
  }

  /** The same as part of a change. */
  flushIn({ db }: Transaction): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const rows = this.#waiting;
    this.#waiting = [];
    for (const { job, datum, source, time, message } of rows) {
      // The job may have been deleted while it was printing.
      const insert = "INSERT INTO logs (job, datum, source, time, message) SELECT id, ?, ?, ?, ? FROM jobs WHERE id = ?";
      db.run(insert, datum, source, time, message, job);
    }
  }
}
