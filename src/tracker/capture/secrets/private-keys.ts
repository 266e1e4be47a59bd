import { MASK } from "./mask.ts";

const MARK = "PRIVATE KEY";
const BEGIN = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/;
const END = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/;
/** Base64, a header as `Proc-Type: 4,ENCRYPTED`, or nothing; perhaps within a diff or in quotes. */
const BODY = /^[ \t>#"'+|-]*(?:[A-Za-z0-9+/=*]*|[A-Za-z-]{1,30}: .*)(?:\\n)?[ \t"',;\\+]*$/;
const LONGEST_BODY = 200;

/** Empties the PEM blocks of private keys; each keeps its first and last line, and as many lines between as there were. */
export function maskPrivateKeys(text: string): string {
  if (!text.includes(MARK)) return text;
  const block = new KeyBlock();
  return text
    .split("\n")
    .map((line) => block.mask(line))
    .join("\n");
}

/** Goes over the lines of a text, and knows whether it is within a key. */
class KeyBlock {
  #isInside = false;

  mask(line: string): string {
    if (!this.#isInside) return this.#maskAfterBegin(line);
    const end = END.exec(line);
    if (end !== null) {
      this.#isInside = false;
      return maskBody(line.slice(0, end.index)) + end[0] + this.#maskAfterBegin(line.slice(end.index + end[0].length));
    }
    this.#isInside = line.length <= LONGEST_BODY && BODY.test(line);
    return this.#isInside ? maskBody(line) : this.#maskAfterBegin(line);
  }

  #maskAfterBegin(line: string): string {
    let done = "";
    let left = line;
    for (let begin = BEGIN.exec(left); begin !== null; begin = BEGIN.exec(left)) {
      done += left.slice(0, begin.index) + begin[0];
      left = left.slice(begin.index + begin[0].length);
      const end = END.exec(left);
      if (end === null) {
        this.#isInside = true;
        return done + maskBody(left);
      }
      done += maskBody(left.slice(0, end.index)) + end[0];
      left = left.slice(end.index + end[0].length);
    }
    return done + left;
  }
}

/** What a diff puts before a line, and a line's end, stay. */
function maskBody(line: string): string {
  const start = /^[ +-]/.test(line) ? 1 : 0;
  const end = line.endsWith("\r") ? line.length - 1 : line.length;
  return line.slice(start, end).trim() === "" ? line : line.slice(0, start) + MASK + line.slice(end);
}
