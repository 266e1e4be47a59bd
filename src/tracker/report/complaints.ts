import { StemmaError } from "../../lineage/errors.ts";
import { plainText } from "../../lineage/plain-text.ts";

const SHOWN_PER_FILE = 10;

/** What is wrong in the files of a report, each with its place. A file that is all wrong does not flood the screen. */
export class Complaints {
  readonly #say: (line: string) => void;
  readonly #counts = new Map<string, number>();

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  add(file: string, line: number | undefined, text: string): void {
    const count = (this.#counts.get(file) ?? 0) + 1;
    this.#counts.set(file, count);
    if (count <= SHOWN_PER_FILE) this.#say(`${file}${line === undefined ? "" : `, line ${line}`}: ${plainText(text)}; left out`);
  }

  /** Gives what `read` gives, or complains and gives undefined. */
  guard<Value>(file: string, line: number | undefined, read: () => Value): Value | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof StemmaError) || error.code !== "USAGE") throw error;
      this.add(file, line, error.message);
      return undefined;
    }
  }

  /** Says how many were not shown. */
  close(): void {
    for (const [file, count] of this.#counts) {
      if (count > SHOWN_PER_FILE) this.#say(`${file}: ${count - SHOWN_PER_FILE} more of these`);
    }
  }
}
