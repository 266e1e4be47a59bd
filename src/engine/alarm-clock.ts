import type { EngineState } from "./state.ts";

/** Something that has to be done at certain times. All times are milliseconds since 1970. */
export interface Alarm {
  /** When it is due next; undefined while it is not at all. Asked after each change of the state, so it must be cheap. */
  readonly due: () => number | undefined;
  /** Does what is due by now, and so moves `due`. */
  readonly ring: (now: number) => void;
}

/** So that a clock that is set, or a machine that has slept, is noticed soon. */
const LONGEST_WAIT_MS = 60_000;
const AFTER_FAILURE_MS = 1000;

/** Rings each alarm when it is due. Alone it does not keep the process alive. */
export class AlarmClock {
  readonly #state: EngineState;
  readonly #alarms: readonly Alarm[];
  readonly #log: (line: string) => void;
  #timer: NodeJS.Timeout | undefined;
  #forget: () => void = () => undefined;

  constructor(state: EngineState, alarms: readonly Alarm[], log: (line: string) => void) {
    this.#state = state;
    this.#alarms = alarms;
    this.#log = log;
  }

  start(): void {
    this.#forget = this.#state.onChange(() => this.#set());
    this.#set();
  }

  close(): void {
    this.#forget();
    clearTimeout(this.#timer);
  }

  #set(shortestWaitMs = 0): void {
    clearTimeout(this.#timer);
    const due = this.#alarms.map((alarm) => alarm.due()).filter((time) => time !== undefined);
    if (due.length === 0) return;
    const wait = Math.min(...due) - Date.now();
    this.#timer = setTimeout(() => this.#ring(), Math.min(Math.max(wait, shortestWaitMs), LONGEST_WAIT_MS)).unref();
  }

  #ring(): void {
    const now = Date.now();
    let shortestWaitMs = 0;
    for (const alarm of this.#alarms) {
      try {
        if ((alarm.due() ?? Number.POSITIVE_INFINITY) <= now) alarm.ring(now);
      } catch (error) {
        this.#log(`an alarm failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
        shortestWaitMs = AFTER_FAILURE_MS;
      }
    }
    this.#set(shortestWaitMs);
  }
}
