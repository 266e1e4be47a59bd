/** One value under its name, before and after; undefined where there is none. */
export interface ValueChange {
  readonly name: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly changed: boolean;
}

export type Values = Readonly<Record<string, string | undefined>>;

/** All values of two sides by name, in the order of the names. */
export function compareValues(before: Values, after: Values): readonly ValueChange[] {
  return namesOf(before, after).map((name) => {
    const [old, now] = [valueAt(before, name), valueAt(after, name)];
    return { name, before: old, after: now, changed: old !== now };
  });
}

/** The names that one of two records has, sorted, without those that have no value in either. */
export function namesOf(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): readonly string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => valueAt(before, name) !== undefined || valueAt(after, name) !== undefined).sort();
}

function valueAt<Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
