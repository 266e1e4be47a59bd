const ID = /\b(?:[0-9a-f]{32}|[0-9a-f]{8})\b/g;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)/g;

/**
 * Ids and times differ from run to run. This takes each id of ours for the one of the recording that stood in its place when
 * it was first seen (an abbreviated id for its whole one), and every time for any other. Ids of datums are of 64 digits and come
 * of their inputs alone: they are left as they are.
 */
export class Alignment {
  /** The recording's ids by ours, both by their first eight digits. */
  readonly #known = new Map<string, string>();
  readonly #recorded = new Map<string, string>();
  readonly #ours = new Map<string, string>();

  /** A recorded command line, with our ids in it. */
  restate(command: string): string {
    return command.replace(ID, (id) => this.#ours.get(id) ?? id);
  }

  /** An answer of ours, with the recording's ids in it. */
  align(found: unknown, wanted: unknown): unknown {
    if (typeof found === "string") return this.#alignText(found, typeof wanted === "string" ? wanted : "");
    if (Array.isArray(found))
      return found.map((item, index) => this.align(item, Array.isArray(wanted) ? wanted[index] : undefined));
    if (typeof found !== "object" || found === null) return found;
    const others = typeof wanted === "object" && wanted !== null ? new Map(Object.entries(wanted)) : new Map<string, unknown>();
    return Object.fromEntries(Object.entries(found).map(([name, value]) => [name, this.align(value, others.get(name))]));
  }

  #alignText(found: string, wanted: string): string {
    const others = wanted.match(ID) ?? [];
    let place = 0;
    const text = found.replace(ID, (id) => {
      const other = others[place++] ?? "";
      const start = id.slice(0, 8);
      const isFree = other.length === id.length && ![...this.#known.values()].includes(other.slice(0, 8));
      if (!this.#known.has(start) && isFree) this.#known.set(start, other.slice(0, 8));
      if (other.length !== id.length || this.#known.get(start) !== other.slice(0, 8)) return this.#recorded.get(id) ?? id;
      this.#recorded.set(id, other);
      this.#ours.set(other, id);
      return other;
    });
    return withoutTimes(text);
  }
}

/** A value in which all times are one. */
export function withoutTimes<T>(value: T): T {
  return JSON.parse(JSON.stringify(value).replace(TIME, "a time")) as T;
}
