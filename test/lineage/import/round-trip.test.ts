import { expect, onTestFinished, test } from "vitest";
import { toOpenLineage } from "../../../src/lineage/export/openlineage/events.ts";
import { canonicalJson } from "../../../src/lineage/export/canonical.ts";
import { importEvents, readEvents } from "../../../src/lineage/import/import-openlineage.ts";
import { LineageIndex } from "../../../src/lineage/store/lineage-index.ts";
import type { Graph } from "../../../src/lineage/graph.ts";
import { edgeKey } from "../../../src/lineage/graph.ts";
import { formatUrn } from "../../../src/lineage/urn.ts";
import { ODD, context, sample } from "../export/sample.ts";
import { dataset, event, facet } from "./events.ts";

function readBack(text: string): { readonly index: LineageIndex; readonly graph: Graph } {
  const index = new LineageIndex(":memory:");
  onTestFinished(() => index.close());
  importEvents(index, readEvents("export", text));
  const nodes = new Map([...index.records()].map(({ node }) => [formatUrn(node), node]));
  return { index, graph: { nodes, edges: [...nodes.keys()].flatMap((urn) => index.edgesUp(urn)) } };
}

test.each(["plain", ...ODD])("what is exported comes back as the same runs, data sets and edges: %j", (odd) => {
  const before = sample(odd);
  const { graph } = readBack(toOpenLineage(before, context));
  // Between two things that no run has read or made, OpenLineage has no place for an edge.
  const told = before.edges.filter(
    ({ kind, from }) =>
      kind === "used" || kind === "generated" || kind === "of" || (kind === "within" && !from.includes(":file:")),
  );
  expect(graph.edges.map(edgeKey)).toEqual(expect.arrayContaining(told.map(edgeKey)));
  const unknown = graph.edges.filter((each) => !before.edges.some((own) => edgeKey(own) === edgeKey(each)));
  expect(unknown).toEqual([]);
  const run = [...graph.nodes.values()].find(({ kind }) => kind === "run");
  expect(run).toMatchObject({
    name: odd,
    state: "finished",
    params: { lr: "0.1" },
    metrics: { auc: 0.93 },
    began: new Date("2026-02-03T10:05:00Z"),
  });
});

test("the files that a job read come back", () => {
  const { graph } = readBack(toOpenLineage(sample(), context));
  expect(graph.edges.find(({ files }) => files !== undefined)).toMatchObject({
    kind: "used",
    files: { count: 1, names: ["/plain.csv"] },
  });
});

test("what was imported goes out again as it came, with its column lineage, and comes back the same", () => {
  const columnLineage = facet({ fields: { total: { inputFields: [{ namespace: "s3://b", name: "orders", field: "amount" }] } } });
  const jobType = facet({ processingType: "SERVICE", integration: "K8S", jobType: "DEPLOYMENT" });
  const lines = [
    event({
      type: "START",
      minute: 1,
      inputs: [dataset("s3://b", "orders")],
      outputs: [dataset("s3://b", "sums", { columnLineage })],
    }),
    event({ type: "COMPLETE", minute: 2 }),
    event({
      type: "COMPLETE",
      minute: 3,
      run: 2,
      job: { namespace: "k8s", name: "scorer", facets: { jobType } },
      inputs: [dataset("s3://b", "sums")],
    }),
  ];
  const first = readBack(lines.map((each) => JSON.stringify(each)).join("\n"));
  const text = toOpenLineage(first.graph, context);
  expect(text).toContain(canonicalJson(columnLineage));
  const again = readBack(text);
  expect(again.graph.edges).toEqual(first.graph.edges);
  expect([...again.graph.nodes.values()]).toEqual([...first.graph.nodes.values()]);
});
