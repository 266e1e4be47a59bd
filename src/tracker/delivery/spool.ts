import { closeSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import type { Item, ItemKind } from "./items.ts";
import { countOf } from "./items.ts";

/** Where an item lies in the spool. */
export interface SpoolEntry {
  readonly kind: ItemKind;
  /** How many params, metrics and so on it holds. */
  readonly count: number;
  readonly offset: number;
  readonly sizeBytes: number;
}

/**
 * A file of items that wait for MLflow, so that an outage of any length takes disk and no memory. It is bounded: what goes
 * beyond is counted and left out. It becomes empty again when nothing waits.
 */
export class Spool {
  readonly #fd: number;
  readonly #limitBytes: number;
  #endBytes = 0;
  #waiting = 0;

  constructor(file: string, limitBytes: number) {
    this.#fd = openSync(file, "w+", 0o600);
    this.#limitBytes = limitBytes;
  }

  /** Keeps an item; undefined when there is no room for it. */
  append(item: Item): SpoolEntry | undefined {
    const bytes = Buffer.from(JSON.stringify(item));
    if (this.#endBytes + bytes.length > this.#limitBytes) return undefined;
    if (!this.#write(bytes)) return undefined;
    const entry = { kind: item.kind, count: countOf(item), offset: this.#endBytes, sizeBytes: bytes.length };
    this.#endBytes += bytes.length;
    this.#waiting++;
    return entry;
  }

  /** Whether the disk took it. */
  #write(bytes: Buffer): boolean {
    try {
      return writeSync(this.#fd, bytes, 0, bytes.length, this.#endBytes) === bytes.length;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
      return false;
    }
  }

  read({ offset, sizeBytes }: SpoolEntry): Item {
    const bytes = Buffer.alloc(sizeBytes);
    readSync(this.#fd, bytes, 0, sizeBytes, offset);
    return JSON.parse(bytes.toString()) as Item;
  }

  /** An entry that was delivered: it must not be read again. */
  release(): void {
    if (--this.#waiting > 0) return;
    ftruncateSync(this.#fd, 0);
    this.#endBytes = 0;
  }

  close(): void {
    closeSync(this.#fd);
  }
}
