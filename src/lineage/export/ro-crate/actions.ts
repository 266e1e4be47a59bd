import { nameOf } from "../../describe.ts";
import type { Node } from "../../graph.ts";
import { formatUrn } from "../../urn.ts";
import { known } from "../canonical.ts";
import type { Activity, GraphView, Outcome } from "../graph-view.ts";
import { beganAt, outcomeOf } from "../graph-view.ts";
import type { CrateEntity, Link } from "./entity.ts";
import { link, links, localId } from "./entity.ts";
import { WORKFLOW_FILE, toolOf } from "./workflow.ts";

const STATUS: Readonly<Record<Outcome, string | undefined>> = {
  succeeded: "CompletedActionStatus",
  failed: "FailedActionStatus",
  stopped: "FailedActionStatus",
  open: "ActiveActionStatus",
  unknown: undefined,
};

/** An activity as an action, with its params, its metrics and whoever started it. */
export function toAction(view: GraphView, node: Activity): readonly CrateEntity[] {
  const params = values("param", node, node.kind === "run" ? node.params : undefined);
  const metrics = values("metric", node, node.kind === "run" ? node.metrics : undefined);
  const person = personOf(node);
  const used = view.above(node, "used").filter((above) => above.node.kind !== "code");
  const failed = STATUS[outcomeOf(node)] === "FailedActionStatus";
  const action = known({
    "@id": formatUrn(node),
    "@type": "CreateAction",
    name: nameOf(node),
    instrument: link(toolOf(view, node)["@id"]),
    agent: person === undefined ? undefined : link(person["@id"]),
    object: some([...used.map(({ edge }) => edge.to), ...params.map((each) => each["@id"])]),
    result: some([...view.below(node, "generated").map((made) => formatUrn(made)), ...metrics.map((each) => each["@id"])]),
    startTime: beganAt(node)?.toISOString(),
    endTime: node.time?.toISOString(),
    actionStatus: statusOf(outcomeOf(node)),
    error: failed && node.reason !== undefined && node.reason !== "" ? node.reason : undefined,
  }) as CrateEntity;
  return [action, ...(person === undefined ? [] : [person]), ...params, ...metrics];
}

/** The run of the workflow as a whole: from what nothing here made to what nothing here used. */
export function wholeAction(view: GraphView): readonly CrateEntity[] {
  const isMade = (node: Node): boolean => view.above(node, "generated").length > 0;
  const isUsed = (node: Node): boolean => view.below(node, "used").length > 0;
  const data = view.entities.filter((node) => node.kind !== "code" && node.kind !== "pipeline");
  const times = view.activities.flatMap((node) => [beganAt(node), node.time]).filter((time) => time !== undefined);
  const sorted = times.map((time) => time.toISOString()).sort();
  const outcomes = view.activities.map(outcomeOf);
  const failed = outcomes.some((outcome) => outcome === "failed" || outcome === "stopped");
  return [
    known({
      "@id": localId("whole"),
      "@type": "CreateAction",
      name: "All of it",
      instrument: link(WORKFLOW_FILE),
      object: some(data.filter((node) => !isMade(node) && isUsed(node)).map((node) => formatUrn(node))),
      result: some(data.filter((node) => isMade(node) && !isUsed(node)).map((node) => formatUrn(node))),
      startTime: sorted[0],
      endTime: sorted.at(-1),
      actionStatus: outcomes.includes("open") ? statusOf("open") : statusOf(failed ? "failed" : "succeeded"),
    }),
  ];
}

function statusOf(outcome: Outcome): Link | undefined {
  const status = STATUS[outcome];
  return status === undefined ? undefined : link(`http://schema.org/${status}`);
}

function some(ids: readonly string[]): readonly Link[] | undefined {
  return ids.length === 0 ? undefined : links(ids);
}

function values(
  kind: "param" | "metric",
  node: Node,
  all: Readonly<Record<string, string | number>> | undefined,
): readonly CrateEntity[] {
  return Object.entries(all ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ({
      "@id": localId(kind, formatUrn(node), name),
      "@type": "PropertyValue",
      name,
      value: String(value),
    }));
}

function personOf(node: Activity): CrateEntity | undefined {
  const user = node.kind === "run" ? node.tags?.["mlflow.user"] : undefined;
  return user === undefined || user === "" ? undefined : { "@id": localId("person", user), "@type": "Person", name: user };
}
