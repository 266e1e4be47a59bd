import { JOB_NAMESPACE_TAG, JOB_NAME_TAG } from "../export/openlineage/runs.ts";
import { outcomeOf } from "../export/graph-view.ts";
import type { Edge, JobNode, Node, RunNode } from "../graph.ts";
import { edge, fileNames } from "../graph.ts";
import type { Statement } from "../store/lineage-index.ts";
import type { DeploymentIdentity, Identity } from "../urn.ts";
import { formatUrn, parseUrn } from "../urn.ts";
import type { EventType } from "./read-event.ts";
import type { JsonObject } from "./read-fields.ts";
import { isObject, textOf } from "./read-fields.ts";
import type { RunState } from "./run-state.ts";
import { isEnd } from "./run-state.ts";

/** What the index is told of a run, out of all that its events have said. */
export function runStatement(state: RunState): Statement {
  const began = new Date(state.began ?? state.first);
  const time = isEnd(state.phase.value) ? new Date(state.phase.at) : began;
  return { node: { ...factsOf(state, began), time }, rank: "told", since: began, edges: edgesOf(state) };
}

/** The deployments that a run carries out. */
export function deploymentsOf({ identity, deployments }: RunState): readonly DeploymentIdentity[] {
  return identity.kind === "deployment" ? [identity] : deployments.map((id) => ({ kind: "deployment", id }));
}

/** All edges of a run. What a deployment's run reads is what the deployment uses. */
function edgesOf(state: RunState): readonly Edge[] {
  const self = state.identity;
  const deployments = deploymentsOf(state);
  const readers = deployments.length === 0 ? [self] : deployments;
  const inputs = versioned(Object.keys(state.inputs)).flatMap((urn) => {
    const files = state.inputs[urn] ?? [];
    return readers.map((reader) => edge(reader, "used", parseUrn(urn), files.length === 0 ? undefined : fileNames(files)));
  });
  const outputs = versioned(state.outputs).map((urn) => edge(parseUrn(urn), "generated", self));
  const places = [...state.within, ...deployments.map((each) => formatUrn(each))].filter((urn) => urn !== formatUrn(self));
  const within = places.map((urn) => edge(self, "within", parseUrn(urn)));
  const sources = state.sources.map(parseUrn).map((source) => edge(self, source.kind === "code" ? "used" : "of", source));
  const derived = state.derived.flatMap((pair) => {
    const [from, to] = pair.split(" ").map(parseUrn);
    return from === undefined || to === undefined ? [] : [edge(from, "derived", to)];
  });
  const files = [...Object.keys(state.inputs), ...state.outputs].map(parseUrn).flatMap(placeOfFile);
  return once([...inputs, ...outputs, ...within, ...sources, ...derived, ...files]);
}

/** Without those of which the same run says a version elsewhere: an event that came before the version was known. */
function versioned(urns: readonly string[]): readonly string[] {
  const named = new Set(urns.map(parseUrn).flatMap((each) => (each.kind === "dataset" && each.digest !== "" ? [each.name] : [])));
  return urns.filter((urn) => {
    const each = parseUrn(urn);
    return each.kind !== "dataset" || each.digest !== "" || !named.has(each.name);
  });
}

function placeOfFile(identity: Identity): readonly Edge[] {
  if (identity.kind !== "file") return [];
  const { project, repo, type, commit: id } = identity;
  return [edge(identity, "within", { kind: "commit", project, repo, type, id })];
}

function once(edges: readonly Edge[]): readonly Edge[] {
  return [...new Map(edges.map((each) => [`${each.from} ${each.kind} ${each.to}`, each])).values()];
}

function factsOf(state: RunState, began: Date): Node {
  const { identity } = state;
  const reason = facetOf(state, "errorMessage")["message"];
  const own = facetOf(state, "stemma_run");
  const facts = {
    ...identity,
    state: stateWord(state.phase.value, own["state"], identity),
    ...(typeof reason === "string" ? { reason } : {}),
  };
  if (identity.kind === "job") return { ...facts, began } as JobNode;
  return identity.kind === "run" ? ({ ...facts, ...runFacts(state, own), began } as RunNode) : facts;
}

/** Its job stands in tags: a run with an experiment is one of MLflow's. */
function runFacts(state: RunState, own: JsonObject): Partial<RunNode> {
  const { namespace, name } = state.job.value;
  const parameters = facetOf(state, "executionParameters")["parameters"];
  const params = (Array.isArray(parameters) ? parameters.filter(isObject) : [])
    .map(({ key, value }): readonly [string, string] => [textOf(key), textOf(value)])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const tags = Object.entries(isObject(own["tags"]) ? own["tags"] : {}).map(([key, value]): readonly [string, string] => [
    key,
    String(value),
  ]);
  return {
    name: typeof own["name"] === "string" ? own["name"] : name,
    tags: { ...Object.fromEntries(tags), [JOB_NAMESPACE_TAG]: namespace, [JOB_NAME_TAG]: name },
    ...(params.length === 0 ? {} : { params: Object.fromEntries(params) }),
    ...metricsOf(own["metrics"]),
  };
}

function metricsOf(metrics: unknown): Pick<RunNode, "metrics"> {
  if (!isObject(metrics)) return {};
  const values = Object.entries(metrics).map(([key, value]): readonly [string, number] => [key, Number(value)]);
  return { metrics: Object.fromEntries(values) };
}

function facetOf(state: RunState, name: string): JsonObject {
  return state.facets[name]?.value ?? {};
}

/** Pachyderm's words for its jobs, MLflow's for all else; one that we wrote ourselves comes back as it was. */
function stateWord(type: EventType, own: unknown, { kind }: Identity): string {
  const words = kind === "job" || kind === "datum" ? OF_JOBS : OF_RUNS;
  const word = words[type] ?? "running";
  const isSame =
    typeof own === "string" &&
    outcomeOf({ kind: "batch", id: "", state: own }) === outcomeOf({ kind: "batch", id: "", state: word });
  return isSame ? own : word;
}

const OF_RUNS: Readonly<Partial<Record<EventType, string>>> = { COMPLETE: "finished", FAIL: "failed", ABORT: "killed" };
const OF_JOBS: Readonly<Partial<Record<EventType, string>>> = { COMPLETE: "success", FAIL: "failure", ABORT: "killed" };
