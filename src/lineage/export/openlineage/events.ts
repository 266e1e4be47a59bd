import type { Graph, Node } from "../../graph.ts";
import { canonicalJson } from "../canonical.ts";
import type { ExportContext } from "../context.ts";
import { producer } from "../context.ts";
import type { Activity, Outcome } from "../graph-view.ts";
import { GraphView, beganAt, outcomeOf } from "../graph-view.ts";
import type { Dataset } from "./datasets.ts";
import { toDataset, toInput } from "./datasets.ts";
import { deploymentOf, jobFacets, jobNameOf, runFacets, runIdOf } from "./runs.ts";

const SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs";

/**
 * A graph as events of OpenLineage 2-0-2, one a line. Each job and run says how it began and how it ended, with all its inputs and
 * outputs both times; what no run has read or made is said in an event of its own.
 */
export function toOpenLineage(graph: Graph, context: ExportContext): string {
  const view = new GraphView(graph);
  const runs = view.activities.filter((node) => node.kind !== "deployment" || view.below(node, "within").length === 0);
  const events = runs.flatMap((node) => runEvents(view, node, context));
  const said = new Set(
    runs.flatMap((node) =>
      inputNodes(view, node)
        .map((each) => each.node)
        .concat(view.below(node, "generated")),
    ),
  );
  const rest = view.entities.filter((node) => !said.has(node)).flatMap((node) => datasetEvents(view, node, context));
  return [...events, ...rest].map((event) => `${canonicalJson(event)}\n`).join("");
}

function runEvents(view: GraphView, node: Activity, context: ExportContext): readonly object[] {
  const common = {
    producer: producer(context),
    schemaURL: `${SCHEMA}/RunEvent`,
    run: { runId: runIdOf(node), facets: runFacets(view, node, context) },
    job: { ...jobNameOf(node, context), facets: jobFacets(view, node, context) },
    inputs: inputsOf(view, node, context),
    outputs: present(view.below(node, "generated").map((made) => toDataset(view, made, context))),
  };
  const event = (eventType: string, time: Date | undefined): object => ({
    ...common,
    eventType,
    eventTime: (time ?? context.now).toISOString(),
  });
  const start = event("START", beganAt(node));
  const end = END[outcomeOf(node)];
  return end === undefined ? [start] : [start, event(end, node.time)];
}

const END: Readonly<Record<Outcome, string | undefined>> = {
  succeeded: "COMPLETE",
  failed: "FAIL",
  stopped: "ABORT",
  open: undefined,
  unknown: undefined,
};

function inputsOf(view: GraphView, node: Activity, context: ExportContext): readonly Dataset[] {
  return inputNodes(view, node).flatMap(({ node: used, edge }) => {
    const dataset = toDataset(view, used, context);
    return dataset === undefined ? [] : [toInput(dataset, edge, context)];
  });
}

/** What a run read; of one that carries out a deployment, what the deployment uses. */
function inputNodes(view: GraphView, node: Activity): ReturnType<GraphView["above"]> {
  const deployment = deploymentOf(view, node);
  const own = view.above(node, "used");
  return deployment === undefined || deployment === node ? own : own.concat(view.above(deployment, "used"));
}

function datasetEvents(view: GraphView, node: Node, context: ExportContext): readonly object[] {
  const dataset = toDataset(view, node, context);
  if (dataset === undefined) return [];
  return [
    {
      eventTime: (node.time ?? context.now).toISOString(),
      producer: producer(context),
      schemaURL: `${SCHEMA}/DatasetEvent`,
      dataset,
    },
  ];
}

function present(datasets: readonly (Dataset | undefined)[]): readonly Dataset[] {
  return datasets.filter((dataset): dataset is Dataset => dataset !== undefined);
}
