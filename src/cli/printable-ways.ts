import { TRACE_HEAD, traceRows } from "../lineage/draw/table.ts";
import { drawWays } from "../lineage/draw/ways.ts";
import { nodeToJson } from "../lineage/describe.ts";
import { concludingLines } from "../lineage/draw/words.ts";
import type { Ways } from "../lineage/paths.ts";
import type { Printable } from "./print.ts";

/** The ways between two things, in all formats. */
export function printableWays(ways: Ways): Printable {
  const { from, to, complete, gaps, shortest, count, nodes, edges } = ways;
  const head = { version: 1, kind: "path", from, to, complete, gaps } as const;
  // There may be more of them than a number of JSON can say.
  const counted = { ...head, count: String(count), shortest };
  return {
    text: () => drawWays(ways),
    table: () => ({ head: TRACE_HEAD, rows: traceRows(ways) }),
    value: () => ({ ...counted, nodes: [...nodes.values()].map(nodeToJson), edges }),
    items: () => [
      ...[...nodes.values()].map((node) => ({ node: nodeToJson(node) })),
      ...edges.map((edge) => ({ edge })),
      { end: counted },
    ],
    graph: () => ways,
    remarks: () => concludingLines(gaps),
  };
}
