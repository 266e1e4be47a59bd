import type { Step } from "./steps/step.ts";
import type { Row } from "./store/row.ts";

/**
 * The ways through rows that are not shown. Dead ends are left out, and a row with one way on is skipped: a search meets about as many
 * hidden rows as it finds shown ones, and more only where hidden ways part and meet again.
 */
export class HiddenWays {
  readonly #onward: ReadonlyMap<number, readonly Step[]>;
  readonly #isShown: (row: Row) => boolean;
  /** The hidden rows that lead to something shown. */
  readonly #leading: ReadonlySet<number>;
  /** Where the ways on from a hidden row first part, or reach something shown. */
  readonly #ends = new Map<number, Row>();
  readonly #next = new Map<number, readonly Row[]>();

  constructor(onward: ReadonlyMap<number, readonly Step[]>, isShown: (row: Row) => boolean) {
    this.#onward = onward;
    this.#isShown = isShown;
    this.#leading = leadingToShown(onward, isShown);
  }

  /** What is shown that a way through hidden rows leads to, each once. */
  beyond(start: Row): Iterable<Row> {
    const found = new Map<number, Row>();
    const seen = new Set<number>();
    const open = this.#nextOf(start).filter((row) => !this.#isShown(row));
    for (let row = open.pop(); row !== undefined; row = open.pop()) {
      const end = this.#pastSingle(row);
      if (seen.has(end.id)) continue;
      seen.add(end.id);
      for (const next of this.#nextOf(end)) {
        if (this.#isShown(next)) found.set(next.id, next);
        else open.push(next);
      }
    }
    return found.values();
  }

  /** The rows one step on, each once: those that are shown, and those that lead to such. */
  #nextOf({ id }: Row): readonly Row[] {
    const known = this.#next.get(id);
    if (known !== undefined) return known;
    const steps = (this.#onward.get(id) ?? []).filter(
      ({ to, placing }) => this.#isShown(to) || (placing !== true && this.#leading.has(to.id)),
    );
    const next = [...new Map(steps.map(({ to }) => [to.id, to])).values()];
    this.#next.set(id, next);
    return next;
  }

  #pastSingle(start: Row): Row {
    const passed: Row[] = [];
    let row = this.#ends.get(start.id) ?? start;
    for (let next = this.#onlyNext(row); next !== undefined; next = this.#onlyNext(row)) {
      passed.push(row);
      row = this.#ends.get(next.id) ?? next;
    }
    for (const { id } of passed) this.#ends.set(id, row);
    return row;
  }

  #onlyNext(row: Row): Row | undefined {
    const [next, ...others] = this.#nextOf(row);
    return next === undefined || others.length > 0 || this.#isShown(next) ? undefined : next;
  }
}

function leadingToShown(onward: ReadonlyMap<number, readonly Step[]>, isShown: (row: Row) => boolean): ReadonlySet<number> {
  const leading = new Set<number>();
  const hidden = [...onward.values()].flat().filter(({ from }) => !isShown(from));
  for (const { from, to } of hidden) if (isShown(to)) leading.add(from.id);
  const back = Map.groupBy(
    hidden.filter(({ to, placing }) => placing !== true && !isShown(to)),
    ({ to }) => to.id,
  );
  for (const id of leading) for (const { from } of back.get(id) ?? []) leading.add(from.id);
  return leading;
}
