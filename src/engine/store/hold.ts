/**
 * What one operation has stored or reads, as long as it needs it: chunks that no commit refers to yet, and trees that perhaps
 * no commit refers to any more. Clean-up leaves them alone until the hold is disposed of.
 */
export class Hold implements Disposable {
  readonly chunks = new Set<string>();
  /** Roots of trees, with all that they reach. */
  readonly roots = new Set<string>();
  readonly #release: (hold: Hold) => void;

  constructor(release: (hold: Hold) => void) {
    this.#release = release;
  }

  /** Keeps a tree that is there now. */
  keep(root: string): void {
    this.roots.add(root);
  }

  [Symbol.dispose](): void {
    this.#release(this);
  }
}

/**
 * All that clean-up must spare besides what commits refer to. While one is under way this is whatever was held at its
 * beginning or later, also what was let go meanwhile: an operation that has ended may have left it in a commit that
 * clean-up has not seen.
 */
export class Holds {
  readonly #open = new Set<Hold>();
  /** Set while a clean-up is under way: what was let go, or put without a hold, since it began. */
  #sinceBegin: Set<string> | undefined;
  #lastTurn: Promise<void> = Promise.resolve();

  open(): Hold {
    const hold = new Hold((released) => this.#close(released));
    this.#open.add(hold);
    return hold;
  }

  /** Says that an object was put, or was found when it was to be put. */
  note(id: string): void {
    this.#sinceBegin?.add(id);
  }

  spares(id: string): boolean {
    return this.#sinceBegin?.has(id) === true || this.isHeld(id);
  }

  /** Whether an operation under way has stored this chunk, or found it. */
  isHeld(id: string): boolean {
    for (const hold of this.#open) if (hold.chunks.has(id)) return true;
    return false;
  }

  /** The roots held now. */
  *roots(): IterableIterator<string> {
    for (const hold of this.#open) yield* hold.roots;
  }

  /**
   * Waits for a clean-up or check that is under way, then keeps others waiting until the returned scope ends. What is put or
   * let go in between is spared.
   */
  async turn(): Promise<Disposable> {
    const before = this.#lastTurn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#lastTurn = promise;
    await before;
    this.#sinceBegin = new Set();
    return {
      [Symbol.dispose]: () => {
        this.#sinceBegin = undefined;
        resolve();
      },
    };
  }

  #close(hold: Hold): void {
    this.#open.delete(hold);
    for (const id of hold.chunks) this.note(id);
  }
}
