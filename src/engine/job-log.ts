import type { EngineState } from "./state.ts";

export interface LogRow {
  readonly id: number;
  readonly job: number;
  readonly datum: string;
  readonly user: number;
  readonly time: number;
  readonly message: string;
}

const FLUSH_MS = 200;
const LONGEST_LINE = 64 * 1024;

/** What jobs print, kept in the database in small batches. */
export class JobLog {
  private readonly state: EngineState;
  private waiting: Omit<LogRow, "id">[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(state: EngineState) {
    this.state = state;
  }

  add(job: number, datum: string, user: boolean, message: string): void {
    this.waiting.push({ job, datum, user: user ? 1 : 0, time: Date.now(), message: message.slice(0, LONGEST_LINE) });
    this.timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }

  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.waiting.length === 0) return;
    const rows = this.waiting;
    this.waiting = [];
    this.state.write(({ db }) => {
      for (const row of rows) {
        // The job may have been deleted while it was printing.
        db.run(
          "INSERT INTO logs (job, datum, user, time, message) SELECT id, ?, ?, ?, ? FROM jobs WHERE id = ?",
          row.datum,
          row.user,
          row.time,
          row.message,
          row.job,
        );
      }
    });
  }
}
