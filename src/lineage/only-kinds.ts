import type { Closure } from "./closure.ts";
import type { Edge } from "./graph.ts";
import type { Row } from "./store/row.ts";
import { edgeOf } from "./store/row.ts";
import { HiddenWays } from "./hidden-ways.ts";
import type { NodeKind } from "./urn.ts";

/** What a walk found, with other kinds hidden: ways through them are kept as "derived" edges between what is shown. */
export function onlyKinds(
  { root, rows, steps, options }: Closure,
  kinds: readonly NodeKind[],
): { readonly rows: ReadonlyMap<number, Row>; readonly edges: readonly Edge[] } {
  const isShown = (row: Row): boolean => row.id === root.id || kinds.includes(row.kind);
  const shown = new Map([...rows].filter(([, row]) => isShown(row)));
  const onward = Map.groupBy(steps, ({ from }) => from.id);
  const ways = new HiddenWays(onward, isShown);
  const edges: Edge[] = [];
  for (const row of shown.values()) {
    const direct = (onward.get(row.id) ?? []).filter(({ to }) => isShown(to));
    edges.push(...direct.map(edgeOf));
    const known = new Set([row.id, ...direct.map(({ to }) => to.id)]);
    for (const to of ways.beyond(row)) {
      if (known.has(to.id)) continue;
      const [later, earlier] = options.direction === "up" ? [row, to] : [to, row];
      edges.push({ from: later.urn, to: earlier.urn, kind: "derived" });
    }
  }
  return { rows: shown, edges };
}
