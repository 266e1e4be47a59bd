import { open } from "node:fs/promises";

export interface Line {
  /** The first line is 1. */
  readonly number: number;
  readonly text: string;
}

const NEWLINE = 0x0a;
const CHUNK_BYTES = 64 * 1024;

/** Reads a file that somebody still writes to: each call gives the lines that were completed since the last one. */
export class LineTail {
  readonly #path: string;
  #offsetBytes = 0;
  #rest: Buffer = Buffer.alloc(0);
  #lines = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** In pieces, so that a file of any size takes little memory. With `isEnd` a last line without a line break counts, too. A file that is not there has no lines. */
  async *read(isEnd: boolean): AsyncIterable<readonly Line[]> {
    for (;;) {
      const piece = await this.#readOn();
      if (piece.length === 0) break;
      const bytes = Buffer.concat([this.#rest, piece]);
      const end = bytes.lastIndexOf(NEWLINE) + 1;
      this.#rest = Buffer.from(bytes.subarray(end));
      if (end > 0) yield this.#toLines(bytes.subarray(0, end));
    }
    if (!isEnd || this.#rest.length === 0) return;
    const last = this.#rest;
    this.#rest = Buffer.alloc(0);
    yield this.#toLines(last);
  }

  #toLines(bytes: Buffer): Line[] {
    const texts = bytes.toString("utf8").split("\n");
    if (texts.at(-1) === "") texts.pop();
    return texts.map((text) => ({ number: ++this.#lines, text: this.#lines === 1 ? text.replace(/^\uFEFF/, "") : text }));
  }

  async #readOn(): Promise<Buffer> {
    const file = await open(this.#path, "r").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (file === undefined) return Buffer.alloc(0);
    try {
      const { size } = await file.stat();
      if (size < this.#offsetBytes) this.#restart();
      const room = Buffer.alloc(Math.min(CHUNK_BYTES, size - this.#offsetBytes));
      const { bytesRead } = await file.read(room, 0, room.length, this.#offsetBytes);
      this.#offsetBytes += bytesRead;
      return room.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  /** The file became shorter: its writer began anew. */
  #restart(): void {
    this.#offsetBytes = 0;
    this.#rest = Buffer.alloc(0);
    this.#lines = 0;
  }
}
