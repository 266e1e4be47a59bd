/** A signal that aborts with a reason after so long, if ever; until it is disposed of. */
export function timeLimit(limitMs: number | undefined, reason: string): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const timer =
    limitMs === undefined ? undefined : setTimeout(() => controller.abort(new Error(reason)), Math.min(limitMs, LONGEST_MS));
  return { signal: controller.signal, [Symbol.dispose]: () => clearTimeout(timer) };
}

/** What a timer can wait for: 24 days. */
const LONGEST_MS = 2 ** 31 - 1;
