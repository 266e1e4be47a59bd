import type { LoggedModelNode, ModelVersionNode, DeploymentNode, Node, RunNode } from "./graph.ts";
import type { Label, LineageIndex } from "./store/lineage-index.ts";
import type { Urn } from "./urn.ts";
import type { Trace } from "./answer.ts";

/** Something that people act upon: a run, a model, a deployment. */
type Outcome = RunNode | LoggedModelNode | ModelVersionNode | DeploymentNode;

export interface ImpactRow {
  readonly node: Outcome;
  /** True for what is in use: it has an alias, a stage that means so, or a deployment. */
  readonly live: boolean;
  /** The aliases and stages that it has then. */
  readonly labels: readonly Label[];
}

export interface ImpactOptions {
  /** Only what is in use. */
  readonly live?: boolean | undefined;
  readonly asOf?: Date | undefined;
}

const ORDER: readonly Node["kind"][] = ["run", "logged-model", "model-version", "deployment"];
const LIVE_STAGE = /^(production|staging)\b/i;

/** What came out of a thing that people act upon, from a walk down: runs, then models, then deployments. */
export function impactOf(trace: Trace, index: LineageIndex, options: ImpactOptions = {}): readonly ImpactRow[] {
  const rows: ImpactRow[] = [];
  const deployed = new Set<Urn>();
  for (const { from, to } of trace.edges) {
    const deployment = trace.nodes.get(from);
    if (deployment?.kind === "deployment" && isThere(deployment, options.asOf)) deployed.add(to);
  }
  for (const [urn, node] of trace.nodes) {
    if (urn === trace.root || !isOutcome(node)) continue;
    const labels = labelsOf(index, urn, options.asOf);
    const live = labels.some(isLive) || deployed.has(urn) || isInUse(node, options.asOf);
    if (live || options.live !== true) rows.push({ node, live, labels });
  }
  return rows.sort((a, b) => ORDER.indexOf(a.node.kind) - ORDER.indexOf(b.node.kind));
}

function labelsOf(index: LineageIndex, target: Urn, asOf: Date | undefined): readonly Label[] {
  return index.labels({ target }).filter(({ since, until }) => {
    if (asOf === undefined) return until === undefined;
    return since <= asOf && (until === undefined || until > asOf);
  });
}

function isLive({ scope, name }: Label): boolean {
  return scope.startsWith("alias:") || (scope.startsWith("stage:") && LIVE_STAGE.test(name));
}

/** A stage's label points at its newest version only; an older one says itself that it is in the stage. */
function isInUse(node: Outcome, asOf: Date | undefined): boolean {
  if (!isThere(node, asOf)) return false;
  return node.kind === "deployment" || (node.kind === "model-version" && asOf === undefined && LIVE_STAGE.test(node.stage ?? ""));
}

function isThere({ gone }: Node, asOf: Date | undefined): boolean {
  return gone === undefined || (asOf !== undefined && gone > asOf);
}

function isOutcome(node: Node): node is Outcome {
  return ORDER.includes(node.kind);
}
