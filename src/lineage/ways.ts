import type { Step } from "./steps/step.ts";

/** Of the steps of a walk those that lie on a way from its start to an end. */
export function stepsToward(steps: readonly Step[], start: number, end: number): readonly Step[] {
  const usable = steps.filter(
    ({ from, to, placing = false }) => (!placing || to.id === end) && to.id !== start && from.id !== end,
  );
  const back = Map.groupBy(usable, ({ to }) => to.id);
  const leading = new Set([end]);
  for (const id of leading) for (const { from } of back.get(id) ?? []) leading.add(from.id);
  return usable.filter(({ to }) => leading.has(to.id));
}

/** The rows of a way with the fewest steps: of several the first. */
export function shortestWay(steps: readonly Step[], start: number, end: number): readonly number[] {
  const onward = Map.groupBy(steps, ({ from }) => from.id);
  const before = new Map<number, number | undefined>([[start, undefined]]);
  for (const id of before.keys()) {
    for (const { to } of onward.get(id) ?? []) if (!before.has(to.id)) before.set(to.id, id);
    if (before.has(end)) break;
  }
  const way: number[] = [];
  for (let at: number | undefined = end; at !== undefined; at = before.get(at)) way.push(at);
  return way.toReversed();
}

/** How many ways there are, by the rows on them. A step that would close a circle is on none of them. */
export function countWays(steps: readonly Step[], start: number, end: number): bigint {
  const onward = new Map<number, readonly number[]>();
  for (const [id, list] of Map.groupBy(steps, ({ from }) => from.id)) onward.set(id, [...new Set(list.map(({ to }) => to.id))]);
  const counts = new Map([[end, 1n]]);
  for (const id of finishOrder(onward, start)) {
    // What has no count yet is still being looked at: a step there goes back.
    if (id !== end) counts.set(id, sum((onward.get(id) ?? []).map((next) => counts.get(next) ?? 0n)));
  }
  return counts.get(start) ?? 0n;
}

/** Every row from a start on, each after all that it leads to, but for steps that go back. */
function finishOrder(onward: ReadonlyMap<number, readonly number[]>, start: number): readonly number[] {
  const order: number[] = [];
  const seen = new Set([start]);
  const open = [{ id: start, next: 0 }];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const to = onward.get(top.id)?.[top.next];
    top.next += 1;
    if (to === undefined) {
      order.push(top.id);
      open.pop();
    } else if (!seen.has(to)) {
      seen.add(to);
      open.push({ id: to, next: 0 });
    }
  }
  return order;
}

function sum(numbers: readonly bigint[]): bigint {
  return numbers.reduce((total, each) => total + each, 0n);
}
