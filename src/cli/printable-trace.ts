import { drawTree } from "../lineage/draw/draw-tree.ts";
import { TRACE_HEAD, traceRows } from "../lineage/draw/table.ts";
import { toJson, toJsonLines } from "../lineage/draw/to-json.ts";
import { concludingLines } from "../lineage/draw/words.ts";
import { rollUp } from "../lineage/roll-up.ts";
import type { Trace } from "../lineage/answer.ts";
import type { Printable } from "./print.ts";

/** A trace in all formats. For people, one that did not begin at a file or datum is drawn with commits for files, and jobs for datums. */
export function printableTrace(trace: Trace): Printable {
  const kind = trace.nodes.get(trace.root)?.kind;
  const drawn = kind === "file" || kind === "datum" ? trace : rollUp(trace);
  return {
    text: () => drawTree(drawn),
    table: () => ({ head: TRACE_HEAD, rows: traceRows(drawn) }),
    value: () => toJson(trace),
    items: () => toJsonLines(trace),
    graph: () => drawn,
    remarks: () => concludingLines(drawn.gaps),
  };
}
