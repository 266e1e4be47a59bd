import type { ClientReadableStream, ServiceError } from "@grpc/grpc-js";

/** What a stream needs to know of its call. */
export interface StreamSource<Reply, Item> {
  readonly begin: () => ClientReadableStream<Reply>;
  /** What it makes `undefined` is left out. */
  readonly convert: (reply: Reply) => Item | undefined;
  readonly toError: (error: ServiceError) => Error;
}

/**
 * A call's messages, one by one. Unlike a generator's, its `return` works while a message is awaited: that is how a reader
 * leaves a stream that never ends, such as the log of a running job.
 */
export class ReplyStream<Reply, Item> implements AsyncIterator<Item, undefined> {
  readonly #source: StreamSource<Reply, Item>;
  #call: ClientReadableStream<Reply> | undefined;
  #replies: AsyncIterator<Reply> | undefined;
  #isClosed = false;

  constructor(source: StreamSource<Reply, Item>) {
    this.#source = source;
  }

  async next(): Promise<IteratorResult<Item, undefined>> {
    while (!this.#isClosed) {
      this.#replies ??= this.#open();
      const reply = await this.#replies.next().catch((error: unknown) => {
        throw this.#source.toError(error as ServiceError);
      });
      if (reply.done === true) break;
      const item = this.#source.convert(reply.value);
      if (item !== undefined) return { done: false, value: item };
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<Item, undefined>> {
    this.#isClosed = true;
    this.#call?.cancel();
    return { done: true, value: undefined };
  }

  #open(): AsyncIterator<Reply> {
    this.#call = this.#source.begin();
    // A cancelled call reports that as an error event, when its reader has already left.
    this.#call.on("error", () => undefined);
    return this.#call[Symbol.asyncIterator]();
  }
}
