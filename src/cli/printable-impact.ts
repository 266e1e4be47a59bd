import { nodeToJson } from "../lineage/describe.ts";
import { drawTree } from "../lineage/draw/draw-tree.ts";
import { givenName, stateText } from "../lineage/draw/table.ts";
import { concludingLines, timeText } from "../lineage/draw/words.ts";
import type { ImpactRow } from "../lineage/impact.ts";
import { referenceTo } from "../lineage/reference.ts";
import { rollUp } from "../lineage/roll-up.ts";
import type { Label } from "../lineage/store/lineage-index.ts";
import type { NodeKind, Urn } from "../lineage/urn.ts";
import { formatUrn } from "../lineage/urn.ts";
import type { Trace } from "../lineage/answer.ts";
import type { Printable } from "./print.ts";
import { firstLine } from "./table.ts";

const HEAD = ["KIND", "REFERENCE", "NAME", "STATE", "LIVE AS", "EXPERIMENT", "TIME"] as const;

/** What was asked for, of all that came out. */
export interface ImpactFilter {
  readonly live?: boolean | undefined;
  readonly kind?: readonly NodeKind[] | undefined;
}

/** What came out of a thing, in all formats: as a tree or graph with what is on the way. */
export function printableImpact(trace: Trace, found: readonly ImpactRow[], { live = false, kind }: ImpactFilter = {}): Printable {
  const { root, complete, gaps } = trace;
  const rows = found.map(rowOf);
  const items = found.map(itemOf);
  const remarks = [
    ...(rows.length === 0
      ? [
          `nothing${live ? " that is in use" : ""} came out of it${kind === undefined ? "" : `, of the kind ${kind.join(" or ")}`}`,
        ]
      : []),
    ...concludingLines(gaps),
  ];
  return {
    text: () => drawTree(rollUp(onTheWay(trace, found))),
    table: () => ({ head: HEAD, rows }),
    value: () => ({ version: 1, kind: "impact", root, complete, gaps, affected: items }),
    items: () => [...items, { end: { version: 1, kind: "impact", root, complete, gaps } }],
    graph: () => rollUp(onTheWay(trace, found)),
    remarks: () => remarks,
  };
}

/** The part of a walk down that leads to what was found. */
function onTheWay(trace: Trace, found: readonly ImpactRow[]): Trace {
  const kept = new Set<Urn>([trace.root, ...found.map(({ node }) => formatUrn(node))]);
  const origins = Map.groupBy(trace.edges, ({ from }) => from);
  // The set grows while it is gone through.
  for (const urn of kept) for (const { to } of origins.get(urn) ?? []) kept.add(to);
  return {
    ...trace,
    nodes: new Map([...trace.nodes].filter(([urn]) => kept.has(urn))),
    edges: trace.edges.filter(({ from }) => kept.has(from)),
  };
}

function rowOf({ node, live, labels }: ImpactRow): readonly string[] {
  const experiment = node.kind === "run" ? (node.experiment ?? "") : "";
  const name = node.kind === "model-version" ? "" : givenName(node);
  const liveAs = labels.length > 0 ? labels.map(labelText).join(" ") : live ? "deployed" : "";
  const texts = [node.kind, referenceTo(node), name, stateText(node), liveAs, experiment, timeText(node.time)];
  return texts.map((text) => (text === "" ? "-" : firstLine(text)));
}

function itemOf({ node, live, labels }: ImpactRow): object {
  return { ...nodeToJson(node), live, liveAs: labels.map(labelText) };
}

/** An alias as it is written after a model's name, or a stage. */
function labelText({ scope, name }: Label): string {
  return scope.startsWith("alias:") ? `@${name}` : name;
}
