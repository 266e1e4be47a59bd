import type { Context } from "./context.ts";

/** One line on a terminal that says what is going on, until it is cleared; says nothing elsewhere, nor on one that cannot take a line back. */
export class StatusLine implements Disposable {
  readonly #context: Pick<Context, "err">;
  readonly #text: (seconds: number) => string;
  readonly #startedAt = Date.now();
  readonly #timer: NodeJS.Timeout | undefined;

  /** Shows what `text` makes of the seconds since the start, again and again. */
  constructor(context: Pick<Context, "stdout" | "err"> & Partial<Pick<Context, "env">>, text: (seconds: number) => string) {
    this.#context = context;
    this.#text = text;
    if (!context.stdout.isTTY || context.env?.["TERM"] === "dumb") return;
    this.#timer = setInterval(() => this.show(), 1000);
    this.show();
  }

  /** Before the next second, because there is news. */
  show(): void {
    if (this.#timer === undefined) return;
    this.#context.err(`\r\u001B[K${this.#text(Math.floor((Date.now() - this.#startedAt) / 1000))}`);
  }

  /** Makes room for a line of results; the status comes back below it. */
  clear(): void {
    if (this.#timer !== undefined) this.#context.err("\r\u001B[K");
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.clear();
  }
}
