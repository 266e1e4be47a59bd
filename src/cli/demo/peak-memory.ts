import { listTree, memoryBytes } from "../../tracker/capture/machine/process-tree.ts";

/** Going through the pages of a process of a gigabyte takes the kernel 20 ms, in which the process waits. */
const EVERY_MS = 2000;

/** Watches how much memory processes hold, with all that they have started, as Linux tells it; elsewhere it knows nothing. */
export class PeakMemory {
  readonly #roots: () => readonly number[];
  readonly #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  #bytes = 0;

  /** The roots are asked for each time, as they may not be there yet. */
  constructor(roots: () => readonly number[]) {
    this.#roots = roots;
    if (process.platform !== "linux") return;
    this.#timer = setInterval(() => void this.#look(), EVERY_MS);
    this.#timer.unref();
  }

  /** The most that they have held together so far; undefined where that is not known. */
  get bytes(): number | undefined {
    return this.#bytes === 0 ? undefined : this.#bytes;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      this.#bytes = Math.max(this.#bytes, await memoryBytes(await listTree(this.#roots())));
    } finally {
      this.#isLooking = false;
    }
  }
}
