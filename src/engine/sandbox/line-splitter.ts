import { StringDecoder } from "node:string_decoder";

/** Longer lines are cut into pieces of this many characters. */
const LONGEST_LINE = 64 * 1024;
/** Kept back when a line is cut, so that what ends the line is never in two pieces. */
const TAIL = 1024;

/** Makes lines of a stream's bytes, also of a program that never ends its line. */
export class LineSplitter {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new StringDecoder("utf8");
  #rest = "";

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(bytes: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(bytes)).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) for (const piece of pieces(line)) this.#onLine(piece);
    while (this.#rest.length > LONGEST_LINE + TAIL) {
      this.#onLine(this.#rest.slice(0, LONGEST_LINE));
      this.#rest = this.#rest.slice(LONGEST_LINE);
    }
  }

  /** The stream has ended: a line without an end is a line too. */
  end(): void {
    const last = this.#rest + this.#decoder.end();
    this.#rest = "";
    if (last !== "") this.#onLine(last);
  }
}

function* pieces(line: string): IterableIterator<string> {
  let rest = line;
  for (; rest.length > LONGEST_LINE + TAIL; rest = rest.slice(LONGEST_LINE)) yield rest.slice(0, LONGEST_LINE);
  yield rest;
}
