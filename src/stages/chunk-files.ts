import { mkdirSync, openSync, closeSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { StemmaError } from "../lineage/errors.ts";

/** Text waits in memory until this much has come together for a file, or for all of them. */
const FILE_CHARACTERS = 64 * 1024;
const ALL_CHARACTERS = 32 * 1024 * 1024;

/**
 * Writes many files side by side in bounded memory. None is held open: a file is opened for each portion, so that
 * there may be more files than a process may open. What was there before is replaced.
 */
export class ChunkFiles {
  readonly #waiting = new Map<string, string>();
  #waitingCharacters = 0;

  get count(): number {
    return this.#waiting.size;
  }

  /** Adds Latin-1 text to a file, which begins with `header`. */
  append(path: string, header: string, text: string): void {
    const before = this.#waiting.get(path);
    const added = before === undefined ? this.#begin(path, header) + text : text;
    const all = before === undefined ? added : before + added;
    this.#waiting.set(path, all);
    this.#waitingCharacters += added.length;
    if (all.length > FILE_CHARACTERS) this.#write(path, all);
    else if (this.#waitingCharacters > ALL_CHARACTERS) this.flush();
  }

  /** Writes all that still waits. */
  flush(): void {
    for (const [path, text] of this.#waiting) if (text !== "") this.#write(path, text);
  }

  /** Removes all files written so far, for a stage that failed. */
  discard(): void {
    for (const path of this.#waiting.keys()) rmSync(path, { force: true });
    this.#waiting.clear();
  }

  #begin(path: string, header: string): string {
    translated(path, () => {
      mkdirSync(dirname(path), { recursive: true });
      closeSync(openSync(path, "w"));
    });
    return header;
  }

  #write(path: string, text: string): void {
    translated(path, () => {
      const file = openSync(path, "a");
      try {
        const bytes = Buffer.from(text, "latin1");
        for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
      } finally {
        closeSync(file);
      }
    });
    this.#waiting.set(path, "");
    this.#waitingCharacters -= text.length;
  }
}

function translated(path: string, work: () => void): void {
  try {
    work();
  } catch (cause) {
    throw new StemmaError("FAILED", `cannot write ${path}: ${(cause as Error).message}`, { cause });
  }
}
