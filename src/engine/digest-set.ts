/** Of each digest, so many bits are kept, in words of 32: with 128 of them no two of SHA-256 are ever alike. */
const WORDS = 4;
const WORD_DIGITS = 8;
const SMALLEST = 1024;

/**
 * A set of digests, given in hexadecimal, that takes 22 to 64 bytes for each: millions of them in little memory. Digests are
 * random, so their own bits tell where to look.
 */
export class DigestSet {
  #slots = new Uint32Array(SMALLEST * WORDS);
  #size = 0;

  /** Answers whether it was not there yet. */
  add(digest: string): boolean {
    if (!this.#insert(wordsOf(digest))) return false;
    this.#size += 1;
    if (this.#size * WORDS > this.#slots.length * 0.7) this.#grow();
    return true;
  }

  has(digest: string): boolean {
    const words = wordsOf(digest);
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
