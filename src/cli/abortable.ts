/** Passes on what comes, and ends when the signal is given, also in the middle of waiting. */
export async function* untilAborted<Item>(items: AsyncIterable<Item>, signal: AbortSignal): AsyncGenerator<Item> {
  const iterator = items[Symbol.asyncIterator]();
  const leave = (): void => void iterator.return?.();
  signal.addEventListener("abort", leave, { once: true });
  try {
    while (!signal.aborted) {
      const result = await iterator.next();
      if (result.done === true) return;
      yield result.value;
    }
  } catch (error) {
    // Leaving makes the stream that is waited for fail.
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener("abort", leave);
    await iterator.return?.();
  }
}
