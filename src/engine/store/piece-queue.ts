/** Pieces of content on their way from whoever has them to whoever asks for them, in one direction and in order. */
export class PieceQueue implements AsyncIterable<Uint8Array> {
  readonly #mostWaiting: number;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #end: { readonly error: unknown } | undefined;
  #changed = Promise.withResolvers<void>();

  /** So many bytes may wait before a push does. */
  constructor(mostWaiting: number) {
    this.#mostWaiting = mostWaiting;
  }

  /** Resolves when there is room for the next piece. */
  async push(piece: Uint8Array): Promise<void> {
    this.#waiting.push(piece);
    this.#waitingBytes += piece.length;
    this.#change();
    while (this.#waitingBytes > this.#mostWaiting) await this.#changed.promise;
  }

  /** Says that there are no more pieces, or that what has come is not the whole. */
  end(error?: unknown): void {
    this.#end ??= { error };
    this.#change();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      const piece = this.#waiting.shift();
      if (piece !== undefined) {
        this.#waitingBytes -= piece.length;
        this.#change();
        yield piece;
      } else if (this.#end === undefined) await this.#changed.promise;
      else if (this.#end.error === undefined) return;
      else throw this.#end.error;
    }
  }

  #change(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }
}
