import type { Urn } from "../urn.ts";

/**
 * The keys of a graph in an order in which everything stands before what it came from, and else the newer before the older; equal times
 * by name. Parents that are no keys do not count.
 */
export function newestFirst(parents: ReadonlyMap<Urn, readonly Urn[]>, timeOf: (urn: Urn) => number): readonly Urn[] {
  const children = new Map<Urn, number>();
  for (const list of parents.values()) for (const parent of list) children.set(parent, (children.get(parent) ?? 0) + 1);
  const ready = new Heap();
  for (const urn of parents.keys()) if (!children.has(urn)) ready.push({ urn, time: timeOf(urn) });
  const order: Urn[] = [];
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    order.push(next.urn);
    for (const parent of parents.get(next.urn) ?? []) {
      const left = (children.get(parent) ?? 0) - 1;
      children.set(parent, left);
      if (left === 0 && parents.has(parent)) ready.push({ urn: parent, time: timeOf(parent) });
    }
  }
  return order;
}

interface Timed {
  readonly urn: Urn;
  readonly time: number;
}

/** A binary heap, the newest on top. */
class Heap {
  readonly #items: Timed[] = [];

  push(item: Timed): void {
    let at = this.#items.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const other = this.#items[above];
      if (other === undefined || !comesFirst(item, other)) break;
      this.#items[at] = other;
      at = above;
    }
    this.#items[at] = item;
  }

  pop(): Timed | undefined {
    const [top] = this.#items;
    const last = this.#items.pop();
    if (last !== undefined && this.#items.length > 0) this.#sink(last);
    return top;
  }

  #sink(item: Timed): void {
    let at = 0;
    for (;;) {
      const [left, right] = [this.#items[2 * at + 1], this.#items[2 * at + 2]];
      const isRight = right !== undefined && left !== undefined && comesFirst(right, left);
      const child = isRight ? right : left;
      if (child === undefined || !comesFirst(child, item)) break;
      this.#items[at] = child;
      at = 2 * at + (isRight ? 2 : 1);
    }
    this.#items[at] = item;
  }
}

function comesFirst(a: Timed, b: Timed): boolean {
  return a.time === b.time ? a.urn < b.urn : a.time > b.time;
}
