import type { DeploymentNode, Node } from "../../graph.ts";
import type { Urn } from "../../urn.ts";
import { formatUrn } from "../../urn.ts";
import { known } from "../canonical.ts";
import type { ExportContext } from "../context.ts";
import type { Activity, GraphView } from "../graph-view.ts";
import { dashed, uuidOf } from "../uuid.ts";
import type { Facet, Facets } from "./facets.ts";
import { facet, ownFacet } from "./facets.ts";

export interface JobName {
  readonly namespace: string;
  readonly name: string;
}

/** Tags of an imported run that say which job of OpenLineage it was of. */
export const JOB_NAMESPACE_TAG = "openlineage.job.namespace";
export const JOB_NAME_TAG = "openlineage.job.name";

/** The id that an activity has as a run of OpenLineage. A run of MLflow keeps its own; the id of a job is no run's, for many jobs share it. */
export function runIdOf(node: Activity): string {
  return node.kind === "run" ? dashed(node.id) : runIdOfUrn(formatUrn(node));
}

export function runIdOfUrn(urn: Urn): string {
  return uuidOf(urn.replace(/^urn:stemma:[a-z-]+:/, ""));
}

/** The job of OpenLineage, which is what is run again and again, that an activity is a run of. */
export function jobNameOf(node: Activity, context: ExportContext): JobName {
  if (node.kind === "job" || node.kind === "datum")
    return { namespace: context.pachyderm, name: `${node.project}/${node.pipeline}` };
  if (node.kind === "deployment") return { namespace: context.mlflow, name: `deployments/${node.id}` };
  const [namespace, name] = [node.tags?.[JOB_NAMESPACE_TAG], node.tags?.[JOB_NAME_TAG]];
  if (namespace !== undefined && name !== undefined) return { namespace, name };
  return { namespace: context.mlflow, name: `experiments/${node.experiment ?? "unknown"}` };
}

export function runFacets(view: GraphView, node: Activity, context: ExportContext): Facets {
  const places = view.parents(node, "within");
  return known({
    parent: parentFacet(view, node, context),
    executionParameters: parametersFacet(node, context),
    errorMessage:
      node.reason === undefined || node.reason === ""
        ? undefined
        : facet(context, "errorMessage", { message: node.reason, programmingLanguage: "unknown" }),
    stemma_run: ownFacet(context, "run", {
      ...known({ urn: formatUrn(node), state: node.state, name: "name" in node ? node.name : undefined }),
      ...(node.kind === "run" ? known({ metrics: finite(node.metrics), tags: node.tags }) : {}),
      ...(places.length === 0 ? {} : { within: places.map((place) => formatUrn(place)) }),
    }),
  });
}

export function jobFacets(view: GraphView, node: Activity, context: ExportContext): Facets {
  const [pipeline] = view.parents(node, "of");
  const about =
    pipeline?.kind === "pipeline"
      ? known({ image: pipeline.image, command: pipeline.command, specDigest: pipeline.specDigest })
      : {};
  return known({
    jobType: typeFacet(view, node, context),
    sourceCodeLocation: codeFacet(view, node, context),
    stemma_pipeline: Object.keys(about).length === 0 ? undefined : ownFacet(context, "pipeline", about),
  });
}

/** What kind of job it is; of one that came from elsewhere, only that it is a deployment. */
function typeFacet(view: GraphView, node: Activity, context: ExportContext): Facet | undefined {
  const isImported = node.kind === "run" && node.tags?.[JOB_NAME_TAG] !== undefined;
  const isDeployment = deploymentOf(view, node) !== undefined;
  if (isImported && !isDeployment) return undefined;
  const integration = isImported ? "OPENLINEAGE" : node.kind === "job" || node.kind === "datum" ? "PACHYDERM" : "MLFLOW";
  const processingType = isDeployment ? "SERVICE" : "BATCH";
  return facet(context, "jobType", {
    processingType,
    integration,
    jobType: isDeployment ? "DEPLOYMENT" : node.kind.toUpperCase(),
  });
}

/** The deployment that a run carries out, or that a node is. */
export function deploymentOf(view: GraphView, node: Activity): DeploymentNode | undefined {
  const places = view.withPlaces(node);
  return places.find((place): place is DeploymentNode => place.kind === "deployment");
}

/** What a run ran within; of a job, the commit set that it is of, as all jobs of one have that id. */
function parentFacet(view: GraphView, node: Activity, context: ExportContext): Facet | undefined {
  if (node.kind === "job") {
    const commitSet = { run: { runId: dashed(node.id) }, job: { namespace: context.pachyderm, name: "commit set" } };
    return facet(context, "parent", commitSet);
  }
  const places = view.parents(node, "within");
  const parent = places.find(isDoneWithin("datum")) ?? places.find(isDoneWithin("job")) ?? places.find(isDoneWithin("run"));
  if (parent === undefined) return undefined;
  return facet(context, "parent", { run: { runId: runIdOf(parent) }, job: jobNameOf(parent, context) });
}

function isDoneWithin(kind: "datum" | "job" | "run") {
  return (node: Node): node is Extract<Activity, { kind: "datum" | "job" | "run" }> => node.kind === kind;
}

function parametersFacet(node: Activity, context: ExportContext): Facet | undefined {
  if (node.kind !== "run" || node.params === undefined) return undefined;
  const parameters = Object.entries(node.params)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => ({ key, value }));
  return facet(context, "executionParameters", { parameters });
}

/** Where the code lies: a git commit of a run, the version of its pipeline of a job. */
function codeFacet(view: GraphView, node: Activity, context: ExportContext): Facet | undefined {
  const [code] = view.above(node, "used").flatMap((above) => (above.node.kind === "code" ? [above.node] : []));
  if (code !== undefined) {
    const { repository, commit } = code;
    const url = repository !== undefined && URL.canParse(repository) ? new URL(repository).href : formatUrn(code);
    return facet(context, "sourceCodeLocation", known({ type: "git", url, repoUrl: repository, version: commit }));
  }
  const [pipeline] = view.above(node, "of").flatMap((above) => (above.node.kind === "pipeline" ? [above.node] : []));
  if (pipeline === undefined) return undefined;
  const url = `${context.pachyderm}/${pipeline.project}/${pipeline.pipeline}`;
  return facet(context, "sourceCodeLocation", { type: "pachyderm", url, version: String(pipeline.version) });
}

/** JSON has no word for what is no number: such a metric goes as text. */
function finite(metrics: Readonly<Record<string, number>> | undefined): Readonly<Record<string, number | string>> | undefined {
  if (metrics === undefined) return undefined;
  return Object.fromEntries(Object.entries(metrics).map(([key, value]) => [key, Number.isFinite(value) ? value : String(value)]));
}
