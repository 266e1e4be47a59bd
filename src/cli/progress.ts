/** Says what is going on, each line with the seconds since the start. */
export class Progress {
  readonly #write: (text: string) => void;
  readonly #startedAt = Date.now();

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  readonly line = (text: string): void => {
    const seconds = Math.floor((Date.now() - this.#startedAt) / 1000);
    this.#write(`[${String(seconds).padStart(3)} s] ${text}\n`);
  };
}
