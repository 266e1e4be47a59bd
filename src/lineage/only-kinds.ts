import type { Closure, TakenStep } from "./closure.ts";
import { edgeOf } from "./closure.ts";
import type { Edge } from "./graph.ts";
import type { Row } from "./store/rows.ts";
import type { NodeKind } from "./urn.ts";

/** What a walk found, with other kinds hidden: ways through them are kept as "derived" edges between what is shown. */
export function onlyKinds(
  { root, rows, steps, options }: Closure,
  kinds: readonly NodeKind[],
): { readonly rows: ReadonlyMap<number, Row>; readonly edges: readonly Edge[] } {
  const isShown = (row: Row): boolean => row.id === root.id || kinds.includes(row.kind);
  const shown = new Map([...rows].filter(([, row]) => isShown(row)));
  const onward = Map.groupBy(steps, ({ from }) => from.id);
  const edges: Edge[] = [];
  for (const row of shown.values()) {
    const direct = (onward.get(row.id) ?? []).filter(({ to }) => isShown(to));
    edges.push(...direct.map(edgeOf));
    const known = new Set([row.id, ...direct.map(({ to }) => to.id)]);
    for (const to of beyondHidden(row, onward, isShown)) {
      if (known.has(to.id)) continue;
      const [later, earlier] = options.direction === "up" ? [row, to] : [to, row];
      edges.push({ from: later.urn, to: earlier.urn, kind: "derived" });
    }
  }
  return { rows: shown, edges };
}

/** What is shown that a way through hidden rows leads to, each once. */
function beyondHidden(
  start: Row,
  onward: ReadonlyMap<number, readonly TakenStep[]>,
  isShown: (row: Row) => boolean,
): Iterable<Row> {
  const found = new Set<Row>();
  const seen = new Set([start.id]);
  const open = [start];
  for (let row = open.pop(); row !== undefined; row = open.pop()) {
    for (const { to, placing } of onward.get(row.id) ?? []) {
      if (isShown(to)) {
        if (row.id !== start.id) found.add(to);
      } else if (placing !== true && !seen.has(to.id)) {
        seen.add(to.id);
        open.push(to);
      }
    }
  }
  return found;
}
