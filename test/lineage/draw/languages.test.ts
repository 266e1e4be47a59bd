import { expect, test } from "vitest";
import { drawDot } from "../../../src/lineage/draw/dot.ts";
import { drawMermaid } from "../../../src/lineage/draw/mermaid.ts";
import type { Graph, Node } from "../../../src/lineage/graph.ts";
import { edge } from "../../../src/lineage/graph.ts";
import { formatUrn } from "../../../src/lineage/urn.ts";

const ID = "0123456789ab4def8123456789abcdef";
const commit = { kind: "commit", project: "default", repo: "etl", type: "user", id: ID } as const;
const job = { kind: "job", project: "default", pipeline: "etl", id: ID } as const;
const odd = { kind: "model-version", name: `a "b" <c> #d \\ e`, version: 1 } as const;

function graphOf(...nodes: readonly Node[]): Graph {
  return {
    nodes: new Map(nodes.map((node) => [formatUrn(node), node])),
    edges: [edge(commit, "generated", job), edge(odd, "derived", commit)],
  };
}

test("Graphviz gets what happened as boxes, and every name quoted", () => {
  expect(drawDot(graphOf(commit, job, odd), ["complete"])).toMatchInlineSnapshot(`
    "digraph stemma {
      rankdir=BT
      node [fontname="Helvetica"]
      // complete
      "urn:stemma:commit:default/etl@0123456789ab4def8123456789abcdef" [label="commit\\netl@0123456789ab4def8123456789abcdef", shape=ellipse]
      "urn:stemma:job:default/etl@0123456789ab4def8123456789abcdef" [label="job\\netl@0123456789ab4def8123456789abcdef", shape=box]
      "urn:stemma:model-version:a%20%22b%22%20%3Cc%3E%20%23d%20%5C%20e/1" [label="model-version\\nmodels:/a \\"b\\" <c> #d \\\\ e/1", shape=ellipse]
      "urn:stemma:commit:default/etl@0123456789ab4def8123456789abcdef" -> "urn:stemma:job:default/etl@0123456789ab4def8123456789abcdef" [label=generated]
      "urn:stemma:model-version:a%20%22b%22%20%3Cc%3E%20%23d%20%5C%20e/1" -> "urn:stemma:commit:default/etl@0123456789ab4def8123456789abcdef" [label=derived]
    }
    "
  `);
});

test("Mermaid gets what happened as boxes, and every name in its own codes", () => {
  expect(drawMermaid(graphOf(commit, job, odd), ["complete"])).toMatchInlineSnapshot(`
    "flowchart BT
      %% complete
      n0(["commit<br>etl@0123456789ab4def8123456789abcdef"])
      n1["job<br>etl@0123456789ab4def8123456789abcdef"]
      n2(["model-version<br>models:/a #34;b#34; #60;c#62; #35;d #92; e/1"])
      n0 -->|generated| n1
      n2 -->|derived| n0
    "
  `);
});
