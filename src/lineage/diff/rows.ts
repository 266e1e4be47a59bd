/** How the rows of a table differ; where they stand in it does not matter. */
export interface RowDifference {
  /** The columns that both have, in the order that they had before: the rows are compared by these. */
  readonly columns: readonly string[];
  readonly columnsAdded: readonly string[];
  readonly columnsRemoved: readonly string[];
  readonly addedCount: number;
  readonly removedCount: number;
  /** As many as were asked for. */
  readonly added: ReadonlyArray<readonly string[]>;
  readonly removed: ReadonlyArray<readonly string[]>;
  /** Why the rows were not compared, where they were not. */
  readonly notCompared?: string | undefined;
}

export type Side = "before" | "after";

/**
 * Which rows two tables do not have in common, each as often as it is there. It holds a key for each row that has no partner yet, so
 * reading both in step takes memory only for what differs, or is far from where it was.
 */
export class RowBag {
  /** By key: how many more there are before (positive) or after (negative). */
  readonly #open = new Map<string, number>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** True when more rows wait for a partner than may be held. */
  get isFull(): boolean {
    return this.#open.size > this.#most;
  }

  add(side: Side, key: string): void {
    const count = (this.#open.get(key) ?? 0) + (side === "before" ? 1 : -1);
    if (count === 0) this.#open.delete(key);
    else this.#open.set(key, count);
  }

  /** How many rows only one side has. */
  count(side: Side): number {
    let sum = 0;
    for (const count of this.#open.values()) sum += Math.max(0, side === "before" ? count : -count);
    return sum;
  }

  /** Takes one row out again: true while this side has more of it. */
  take(side: Side, key: string): boolean {
    const count = this.#open.get(key) ?? 0;
    if (side === "before" ? count <= 0 : count >= 0) return false;
    this.add(side === "before" ? "after" : "before", key);
    return true;
  }
}

/** Which columns two tables share, and where each shared one stands. */
export interface SharedColumns {
  readonly columns: readonly string[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly at: Readonly<Record<Side, readonly number[]>>;
}

/** Columns are the same when they have the same name; the second of one name is the second there. */
export function shareColumns(before: readonly string[], after: readonly string[]): SharedColumns {
  const [old, now] = [numbered(before), numbered(after)];
  const places = new Map(now.map((name, at) => [name, at]));
  const known = new Set(old);
  const shared = old.map((name, at) => ({ at, other: places.get(name) })).filter(({ other }) => other !== undefined);
  return {
    columns: shared.map(({ at }) => before[at] ?? ""),
    added: after.filter((_, at) => !known.has(now[at] ?? "")),
    removed: before.filter((_, at) => !places.has(old[at] ?? "")),
    at: { before: shared.map(({ at }) => at), after: shared.map(({ other }) => other ?? 0) },
  };
}

function numbered(names: readonly string[]): readonly string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return `${count} ${name}`;
  });
}
