import { nameOf } from "../describe.ts";
import type { Graph, Node } from "../graph.ts";
import { isActivity } from "./shape.ts";

/** A graph in the language of Graphviz, what came later below. Remarks become comments. */
export function drawDot({ nodes, edges }: Graph, remarks: readonly string[] = []): string {
  const lines = [
    "digraph stemma {",
    "  rankdir=BT",
    '  node [fontname="Helvetica"]',
    ...remarks.map((remark) => `  // ${remark}`),
    ...[...nodes].map(([urn, node]) => `  ${quoted(urn)} [label=${quoted(labelOf(node))}, shape=${shapeOf(node)}]`),
    ...edges.map(({ from, to, kind }) => `  ${quoted(from)} -> ${quoted(to)} [label=${kind}]`),
    "}",
  ];
  return `${lines.join("\n")}\n`;
}

/** As PROV draws them: what happened is a box, and what there is is round. */
function shapeOf(node: Node): string {
  return isActivity(node) ? "box" : "ellipse";
}

function labelOf(node: Node): string {
  return nameOf(node).replace(" ", "\n");
}

function quoted(text: string): string {
  return `"${text
    .replaceAll("\\", "\\\\")
    .replaceAll('"', String.raw`\"`)
    .replaceAll("\n", String.raw`\n`)}"`;
}
