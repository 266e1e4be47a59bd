import type { Edge, Graph, Node } from "../../graph.ts";
import { nameOf } from "../../describe.ts";
import type { Urn } from "../../urn.ts";
import { NODE_KINDS, formatUrn } from "../../urn.ts";
import type { ExportContext } from "../context.ts";
import type { Activity } from "../graph-view.ts";
import { GraphView, beganAt, isActivity } from "../graph-view.ts";
import { attributesOf, own, prov } from "./attributes.ts";
import type { ProvDocument, ProvRecord, QName } from "./records.ts";

/** A graph in the terms of W3C PROV. */
export function toProv(graph: Graph, context: ExportContext): ProvDocument {
  const view = new GraphView(graph);
  const agents = new Map<string, ProvRecord>();
  const associations = view.activities.flatMap((node) => associate(view, node, context, agents));
  return {
    prefixes: PREFIXES,
    records: [
      ...view.nodes.map((node) => (isActivity(node) ? activity(view, node) : entity(view, node))),
      ...[...agents].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, record]) => record),
      ...view.edges.flatMap((edge) => relation(view, edge)),
      ...associations,
    ],
  };
}

/** A prefix for each kind of node, so that what follows it has no more than PROV-N allows in a name. */
const PREFIXES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(NODE_KINDS.map((kind) => [kind, `urn:stemma:${kind}:`])),
  agent: "urn:stemma:agent:",
  stemma: "urn:stemma:terms:",
  dcterms: "http://purl.org/dc/terms/",
};

function qname(urn: Urn): QName {
  const [, , prefix = "", ...local] = urn.split(":");
  return { prefix, local: local.join(":") };
}

function entity(view: GraphView, node: Node): ProvRecord {
  const type = node.kind === "pipeline" ? [prov("Plan")] : isCollection(view, node) ? [prov("Collection")] : [];
  const attributes = [
    ...type.map((value) => [prov("type"), value] as const),
    [prov("label"), nameOf(node)] as const,
    ...attributesOf(node),
  ];
  return { kind: "entity", id: qname(formatUrn(node)), args: [], attributes };
}

function isCollection(view: GraphView, node: Node): boolean {
  return node.kind === "commit" && view.below(node, "within").some((each) => each.kind === "file");
}

function activity(view: GraphView, node: Activity): ProvRecord {
  const places = view
    .above(node, "within")
    .map((above) => [{ prefix: "dcterms", local: "isPartOf" }, qname(formatUrn(above.node))] as const);
  const attributes = [[prov("label"), nameOf(node)] as const, ...attributesOf(node), ...places];
  return { kind: "activity", id: qname(formatUrn(node)), args: [beganAt(node), node.time], attributes };
}

/** An edge as a relation; none for what is an attribute, or part of an association. */
function relation(view: GraphView, { from, to, kind, files }: Edge): readonly ProvRecord[] {
  const [later, earlier] = [qname(from), qname(to)];
  const attributes = (files?.names ?? []).map((name) => [own("file"), name] as const);
  switch (kind) {
    case "used":
      return [{ kind: "used", args: [later, earlier, undefined], attributes }];
    case "generated":
      return [{ kind: "wasGeneratedBy", args: [later, earlier, undefined], attributes }];
    case "derived":
      return [{ kind: "wasDerivedFrom", args: [later, earlier], attributes }];
    case "within":
      return isActivity(view.node(from)) ? [] : [{ kind: "hadMember", args: [earlier, later], attributes: [] }];
    case "of":
      break;
  }
  return [];
}

/** Who an activity was done by, and by which plan. */
function associate(
  view: GraphView,
  node: Activity,
  context: ExportContext,
  agents: Map<string, ProvRecord>,
): readonly ProvRecord[] {
  const agent = agentOf(node, context);
  agents.set(agent.name, agentRecord(agent));
  const plans = view.parents(node, "of").map((plan) => qname(formatUrn(plan)));
  return (plans.length === 0 ? [undefined] : plans).map((plan) => ({
    kind: "wasAssociatedWith",
    args: [qname(formatUrn(node)), agentName(agent), plan],
    attributes: [],
  }));
}

interface Agent {
  readonly name: string;
  readonly type: "Person" | "SoftwareAgent";
}

function agentOf(node: Activity, context: ExportContext): Agent {
  const user = node.kind === "run" ? node.tags?.["mlflow.user"] : undefined;
  if (user !== undefined && user !== "") return { name: user, type: "Person" };
  const server = node.kind === "job" || node.kind === "datum" ? context.pachyderm : context.mlflow;
  return { name: server, type: "SoftwareAgent" };
}

function agentName({ name }: Agent): QName {
  return { prefix: "agent", local: encodeURIComponent(name.toWellFormed()) };
}

function agentRecord(agent: Agent): ProvRecord {
  const attributes = [[prov("type"), prov(agent.type)] as const, [prov("label"), agent.name] as const];
  return { kind: "agent", id: agentName(agent), args: [], attributes };
}
