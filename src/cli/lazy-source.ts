/**
 * Stands for a source whose client is made with the first question: loading it takes longer than most answers. Each method of the source
 * has to answer a promise or an async iterable.
 */
export function lazySource<Source extends object>(connect: () => Promise<Source>): Source {
  return new Proxy<Source>(Object.create(null), {
    get:
      (_target, name) =>
      (...values: readonly unknown[]) =>
        new LaterAnswer(async () => {
          const source = await connect();
          const method: unknown = Reflect.get(source, name, source);
          if (typeof method !== "function") throw new TypeError(`a source has no ${String(name)}`);
          return Reflect.apply(method, source, values);
        }),
  });
}

/** What a method will answer: awaited, or gone through. */
class LaterAnswer implements PromiseLike<unknown>, AsyncIterable<unknown> {
  readonly #ask: () => Promise<unknown>;

  constructor(ask: () => Promise<unknown>) {
    this.#ask = ask;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it is what stands for a promise
  then<Fulfilled, Rejected>(
    onFulfilled?: ((value: unknown) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    return this.#ask().then(onFulfilled, onRejected);
  }

  async *[Symbol.asyncIterator](): AsyncIterator<unknown> {
    yield* (await this.#ask()) as AsyncIterable<unknown>;
  }
}
