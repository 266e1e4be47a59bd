import { canonicalJson } from "../export/canonical.ts";

/** A value and when it was said. */
export interface Stamped<Value> {
  readonly at: number;
  readonly value: Value;
}

/** The one that was said last; of two that were said at once, always the same one. */
export function later<Value>(a: Stamped<Value> | undefined, b: Stamped<Value>): Stamped<Value> {
  if (a === undefined || a.at < b.at) return b;
  if (a.at > b.at) return a;
  return canonicalJson(a.value) < canonicalJson(b.value) ? b : a;
}

/** The later value of each name. */
export function latest<Value>(
  known: Readonly<Record<string, Stamped<Value>>>,
  said: readonly (readonly [string, Value])[],
  at: number,
): Readonly<Record<string, Stamped<Value>>> {
  const all = new Map(Object.entries(known));
  for (const [name, value] of said) all.set(name, later(all.get(name), { at, value }));
  return Object.fromEntries(all);
}

/** All of both, each once, in one order. */
export function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...new Set([...a, ...b])].sort();
}
