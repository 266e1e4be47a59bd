/** A chunk is given away when it is about this full; a row is far shorter than what is kept free. */
const CHUNK_BYTES = 64 * 1024;
const FREE_BYTES = 1024;

const ZERO = 0x30;
const COMMA = 0x2c;
const POINT = 0x2e;
const LINE_FEED = 0x0a;

/** CSV put together digit by digit into chunks of bytes: several times quicker than joining strings. */
export class CsvText {
  #bytes = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #length = 0;

  get isFull(): boolean {
    return this.#length > CHUNK_BYTES - FREE_BYTES;
  }

  /** Gives away what is there, and starts anew in fresh memory: the old chunk may still be on its way to a file. */
  take(): Buffer {
    const chunk = this.#bytes.subarray(0, this.#length);
    this.#bytes = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    this.#length = 0;
    return chunk;
  }

  /** Adds plain ASCII. */
  text(ascii: string): void {
    for (let index = 0; index < ascii.length; index++) this.#bytes[this.#length++] = ascii.charCodeAt(index);
  }

  comma(): void {
    this.#bytes[this.#length++] = COMMA;
  }

  endLine(): void {
    this.#bytes[this.#length++] = LINE_FEED;
  }

  /** Adds a whole number from 0 to 2^53. */
  whole(value: number): void {
    if (value < 1e9) {
      this.#digits(value, digitsOf(value));
      return;
    }
    const high = Math.floor(value / 1e9);
    this.whole(high);
    this.#digits(value - high * 1e9, 9);
  }

  /** Adds an amount of cents as Python prints it: `181.0`, `9839.64`. */
  money(cents: number): void {
    const units = Math.floor(cents / 100);
    const rest = cents - units * 100;
    this.whole(units);
    this.#bytes[this.#length++] = POINT;
    if (rest % 10 === 0) this.#digits(rest / 10, 1);
    else this.#digits(rest, 2);
  }

  #digits(value: number, count: number): void {
    const end = this.#length + count;
    let rest = value | 0;
    for (let position = end - 1; position >= this.#length; position--) {
      const shorter = (rest / 10) | 0;
      this.#bytes[position] = ZERO + rest - shorter * 10;
      rest = shorter;
    }
    this.#length = end;
  }
}

function digitsOf(value: number): number {
  let count = 1;
  for (let power = 10; power <= value; power *= 10) count++;
  return count;
}
