export interface EngineLine {
  /** Grows from line to line. */
  readonly id: number;
  /** In milliseconds since 1970. */
  readonly time: number;
  readonly message: string;
}

const KEPT_LINES = 2000;

/** What the engine says of itself: handed on as it comes, and the last of it kept for those who ask. */
export class EngineLog {
  readonly #write: (line: string) => void;
  readonly #lines: EngineLine[] = [];
  readonly #listeners = new Set<() => void>();
  #last = 0;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  /** One line, or several with line feeds between them. */
  add = (text: string): void => {
    this.#write(text);
    for (const message of text.split("\n")) this.#lines.push({ id: (this.#last += 1), time: Date.now(), message });
    this.#lines.splice(0, this.#lines.length - KEPT_LINES);
    for (const listener of this.#listeners) listener();
  };

  after(id: number): readonly EngineLine[] {
    return this.#lines.filter((line) => line.id > id);
  }

  /** Resolves at the next line. Rejects when the signal aborts. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        this.#listeners.delete(onLine);
        signal.removeEventListener("abort", onAbort);
      };
      const onLine = (): void => {
        stop();
        resolve();
      };
      const onAbort = (): void => {
        stop();
        reject(signal.reason as Error);
      };
      if (signal.aborted) return onAbort();
      this.#listeners.add(onLine);
      signal.addEventListener("abort", onAbort);
    });
  }
}
