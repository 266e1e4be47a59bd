/** Of each digest, so many bits are kept, in words of 32: with 128 of them no two of SHA-256 are ever alike. */
const WORDS = 4;
const WORD_DIGITS = 8;
const TABLES = 256;
const TABLE_DIGITS = 2;
const SMALLEST = 16;

/**
 * A set of digests, given in hexadecimal, that takes 22 to 64 bytes for each: millions of them in little memory. It is cut into
 * tables, so that no `add` takes long, also when a table has to grow.
 */
export class DigestSet {
  readonly #tables = Array.from({ length: TABLES }, () => new Table());

  /** Answers whether it was not there yet. */
  add(digest: string): boolean {
    return this.#tableOf(digest).add(wordsOf(digest));
  }

  has(digest: string): boolean {
    return this.#tableOf(digest).has(wordsOf(digest));
  }

  #tableOf(digest: string): Table {
    const table = this.#tables[Number.parseInt(digest.slice(0, TABLE_DIGITS), 16)];
    if (table === undefined) throw new Error(`"${digest}" is no digest`);
    return table;
  }
}

/** Digests are random, so their own bits tell where to look; a place that is taken leads to the next one. */
class Table {
  #slots = new Uint32Array(SMALLEST * WORDS);
  #size = 0;

  add(words: Uint32Array): boolean {
    if (!this.#insert(words)) return false;
    this.#size += 1;
    if (this.#size * WORDS > this.#slots.length * 0.7) this.#grow();
    return true;
  }

  has(words: Uint32Array): boolean {
    return this.#isAt(this.#find(words), words);
  }

  #insert(words: Uint32Array): boolean {
    const at = this.#find(words);
    if (this.#isAt(at, words)) return false;
    this.#slots.set(words, at);
    return true;
  }

  /** Where the digest is, or else where it belongs. */
  #find(words: Uint32Array): number {
    const { length } = this.#slots;
    let at = ((words[0] ?? 0) * WORDS) % length;
    while (!this.#isEmpty(at) && !this.#isAt(at, words)) at = (at + WORDS) % length;
    return at;
  }

  #isAt(at: number, words: Uint32Array): boolean {
    for (let word = 0; word < WORDS; word += 1) if (this.#slots[at + word] !== words[word]) return false;
    return true;
  }

  #isEmpty(at: number): boolean {
    for (let word = 0; word < WORDS; word += 1) if (this.#slots[at + word] !== 0) return false;
    return true;
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Uint32Array(before.length * 2);
    for (let at = 0; at < before.length; at += WORDS) {
      const words = before.subarray(at, at + WORDS);
      if (words.some((word) => word !== 0)) this.#insert(words);
    }
  }
}

function wordsOf(digest: string): Uint32Array {
  const words = new Uint32Array(WORDS);
  for (let word = 0; word < WORDS; word += 1)
    words[word] = Number.parseInt(digest.slice(word * WORD_DIGITS, (word + 1) * WORD_DIGITS), 16);
  return words;
}
