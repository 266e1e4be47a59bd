import { StemmaError } from "../../lineage/errors.ts";
import type { SpoolEntry } from "./spool.ts";

/** Waits between tries while nobody answers: doubled each time, up to the second. */
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
/** A server that fails at so many in a row is as good as away. */
const FAILURES_OF_A_BROKEN_SERVER = 3;

/** An entry that was not delivered, and why. */
export interface Undelivered {
  readonly entry: SpoolEntry;
  readonly reason: string;
}

/**
 * Sends entries in order, so many at a time. When nobody answers it stops, and tries again later; an entry that the server
 * fails at is put aside and tried once more at the end; one that it refuses is not tried again.
 */
export class Lane {
  readonly #send: (entry: SpoolEntry) => Promise<void>;
  readonly #width: number;
  readonly #now: () => Date;
  #queue: SpoolEntry[] = [];
  #failed: Undelivered[] = [];
  readonly #refused: Undelivered[] = [];
  readonly #underWay = new Set<SpoolEntry>();
  readonly #workers = new Set<Promise<void>>();
  #working: Promise<void> | undefined;
  #failures = 0;
  #waitMs = 0;
  #nextTry = 0;
  #obstacle: StemmaError | undefined;
  #lastReason: string | undefined;

  constructor(width: number, send: (entry: SpoolEntry) => Promise<void>, now: () => Date) {
    this.#width = width;
    this.#send = send;
    this.#now = now;
  }

  add(entry: SpoolEntry): void {
    this.#queue.push(entry);
  }

  /** Why the last try stopped. */
  get obstacle(): StemmaError | undefined {
    return this.#obstacle;
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0 && this.#working === undefined;
  }

  /** Sends what waits, unless it is too soon after a failure; resolves when nothing is under way. Rejects only for bugs. */
  pump(options: { now?: boolean } = {}): Promise<void> {
    if (this.#working !== undefined) {
      this.#sendMore();
      return this.#working;
    }
    if (this.#queue.length === 0 || (options.now !== true && this.#now().getTime() < this.#nextTry)) return Promise.resolve();
    this.#obstacle = undefined;
    this.#sendMore();
    this.#working = this.#untilDone().finally(() => (this.#working = undefined));
    return this.#working;
  }

  /** Lets what the server failed at be tried again. */
  retryFailed(): void {
    this.#queue.push(...this.#failed.map(({ entry }) => entry));
    this.#failed = [];
  }

  /** What is not delivered as far as is known, in no particular order. */
  undelivered(): readonly Undelivered[] {
    const reason = this.#lastReason ?? "no answer came in time";
    const waiting = [...this.#underWay, ...this.#queue].map((entry) => ({ entry, reason }));
    return [...waiting, ...this.#failed, ...this.#refused];
  }

  /** What was added meanwhile may take the lane's whole width. */
  #sendMore(): void {
    while (this.#obstacle === undefined && this.#queue.length > 0 && this.#workers.size < this.#width) {
      const worker = this.#workThrough().finally(() => this.#workers.delete(worker));
      this.#workers.add(worker);
    }
  }

  async #untilDone(): Promise<void> {
    while (this.#workers.size > 0) await Promise.all(this.#workers);
    if (this.#obstacle === undefined) {
      this.#waitMs = 0;
      return;
    }
    this.#waitMs = Math.min(Math.max(this.#waitMs * 2, FIRST_WAIT_MS), LONGEST_WAIT_MS);
    this.#nextTry = this.#now().getTime() + this.#waitMs;
  }

  async #workThrough(): Promise<void> {
    while (this.#obstacle === undefined) {
      const entry = this.#queue.shift();
      if (entry === undefined) return;
      this.#underWay.add(entry);
      try {
        await this.#send(entry);
        this.#failures = 0;
      } catch (error) {
        if (!(error instanceof StemmaError)) throw error;
        this.#setAside(entry, error);
      } finally {
        this.#underWay.delete(entry);
      }
    }
  }

  #setAside(entry: SpoolEntry, error: StemmaError): void {
    const isFailure = error.code === "FAILED";
    if (isFailure) this.#failures++;
    if (error.code === "UNREACHABLE" || (isFailure && this.#failures >= FAILURES_OF_A_BROKEN_SERVER)) {
      this.#obstacle = error;
      this.#lastReason = error.message;
    }
    if (error.code === "UNREACHABLE") this.#queue.unshift(entry);
    else (isFailure ? this.#failed : this.#refused).push({ entry, reason: error.message });
  }
}
