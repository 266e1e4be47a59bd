import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { StemmaError } from "../lineage/errors.ts";

/** Text waits in memory until this much has come together for a file, or for all of them. */
const FILE_CHARACTERS = 64 * 1024;
const ALL_CHARACTERS = 8 * 1024 * 1024;

interface Chunk {
  waiting: string;
  isBegun: boolean;
}

/**
 * Writes files of one name in many folders side by side, in bounded memory. None is held open: a file is opened for each portion,
 * so that there may be more files than a process may open. What was there before is replaced.
 */
export class ChunkFiles {
  /** What each file begins with. */
  header = "";
  readonly #to: string;
  readonly #name: string;
  readonly #chunks = new Map<string, Chunk>();
  #waitingCharacters = 0;

  constructor(to: string, name: string) {
    this.#to = to;
    this.#name = name;
  }

  get count(): number {
    return this.#chunks.size;
  }

  /** Adds Latin-1 text to a folder's file. */
  append(folder: string, text: string): void {
    let chunk = this.#chunks.get(folder);
    if (chunk === undefined) {
      chunk = { waiting: this.header, isBegun: false };
      this.#chunks.set(folder, chunk);
      this.#waitingCharacters += this.header.length;
    }
    chunk.waiting += text;
    this.#waitingCharacters += text.length;
    if (chunk.waiting.length > FILE_CHARACTERS) this.#write(folder, chunk);
    else if (this.#waitingCharacters > ALL_CHARACTERS) this.flush();
  }

  /** Writes all that still waits. */
  flush(): void {
    for (const [folder, chunk] of this.#chunks) if (chunk.waiting !== "") this.#write(folder, chunk);
  }

  /** Removes all files written so far, for a stage that failed. */
  discard(): void {
    for (const [folder, { isBegun }] of this.#chunks) if (isBegun) rmSync(this.#path(folder), { force: true });
    this.#chunks.clear();
  }

  #write(folder: string, chunk: Chunk): void {
    const path = this.#path(folder);
    try {
      if (chunk.isBegun) {
        appendFileSync(path, chunk.waiting, "latin1");
      } else {
        mkdirSync(dirname(path), { recursive: true });
        chunk.isBegun = true;
        writeFileSync(path, chunk.waiting, "latin1");
      }
    } catch (cause) {
      throw new StemmaError("FAILED", `cannot write ${path}: ${(cause as Error).message}`, { cause });
    }
    this.#waitingCharacters -= chunk.waiting.length;
    chunk.waiting = "";
  }

  #path(folder: string): string {
    return join(this.#to, folder, this.#name);
  }
}
