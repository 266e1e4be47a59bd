import { nameOf } from "../describe.ts";
import type { Graph, Node } from "../graph.ts";
import { isActivity } from "./shape.ts";

/** A graph as Mermaid's flowchart, what came later below. Remarks become comments. */
export function drawMermaid({ nodes, edges }: Graph, remarks: readonly string[] = []): string {
  const names = new Map([...nodes.keys()].map((urn, index) => [urn, `n${index}`]));
  const lines = [
    "flowchart BT",
    ...remarks.map((remark) => `  %% ${remark}`),
    ...[...nodes].map(([urn, node]) => `  ${names.get(urn)}${shapeOf(node)}`),
    ...edges
      .filter(({ from, to }) => names.has(from) && names.has(to))
      .map(({ from, to, kind }) => `  ${names.get(from)} -->|${kind}| ${names.get(to)}`),
  ];
  return `${lines.join("\n")}\n`;
}

function shapeOf(node: Node): string {
  const [kind = "", ...name] = nameOf(node).split(" ");
  const label = `"${escaped(kind)}<br>${escaped(name.join(" "))}"`;
  return isActivity(node) ? `[${label}]` : `([${label}])`;
}

/** A label is HTML, in which Mermaid writes its own codes: # begins one. */
function escaped(text: string): string {
  return text.replace(/[#&<>"\\]/g, (character) => `#${character.charCodeAt(0)};`);
}
