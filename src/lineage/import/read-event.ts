import { namedDataset } from "../export/openlineage/names.ts";
import { runIdOfUrn } from "../export/openlineage/runs.ts";
import { undashed } from "../export/uuid.ts";
import type { Identity, Urn } from "../urn.ts";
import { formatUrn, parseUrn } from "../urn.ts";
import type { JsonObject } from "./read-fields.ts";
import { Fields, textOf } from "./read-fields.ts";

export type EventType = "START" | "RUNNING" | "COMPLETE" | "ABORT" | "FAIL" | "OTHER";
const EVENT_TYPES: readonly EventType[] = ["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"];

type Facets = readonly (readonly [string, JsonObject])[];

/** A data set as an event speaks of it. */
export interface SeenDataset {
  readonly identity: Identity;
  readonly namespace: string;
  readonly facets: Facets;
  /** The files of it that were read, where the event says so. */
  readonly files: readonly string[];
  readonly derivedFrom: readonly Urn[];
}

/** What an event says of a run. */
export interface SeenRun {
  readonly identity: Identity;
  readonly type: EventType;
  readonly job: { readonly namespace: string; readonly name: string };
  readonly facets: Facets;
  readonly within: readonly Urn[];
  readonly sources: readonly Urn[];
  readonly isDeployment: boolean;
  readonly inputs: readonly SeenDataset[];
  readonly outputs: readonly SeenDataset[];
}

export interface SeenEvent {
  readonly time: number;
  /** None in what only describes a job or a data set. */
  readonly run: SeenRun | undefined;
  readonly datasets: readonly SeenDataset[];
}

/** Reads an event of OpenLineage: of a run, a job or a data set. Throws USAGE, saying what is wrong. */
export function readEvent(value: unknown): SeenEvent {
  const event = new Fields(value);
  const time = event.time("eventTime");
  if (event.has("dataset")) return { time, run: undefined, datasets: [readDataset(event.object("dataset"))] };
  const inputs = event.objects("inputs").map(readDataset);
  const outputs = event.objects("outputs").map(readDataset);
  const run = event.has("run") ? readRun(event, inputs, outputs) : undefined;
  if (run === undefined) readJobName(event);
  return { time, run, datasets: [...inputs, ...outputs] };
}

function readRun(event: Fields, inputs: SeenRun["inputs"], outputs: SeenRun["outputs"]): SeenRun {
  const runId = event.object("run").uuid("runId");
  const runFacets = event.object("run").objectOrNone("facets");
  const jobFacets = event.object("job").objectOrNone("facets");
  const own = runFacets.objectOrNone("stemma_run");
  return {
    identity: runIdentity(runId, own.textOrNone("urn")),
    type: event.has("eventType") ? event.oneOf("eventType", EVENT_TYPES) : "OTHER",
    job: readJobName(event),
    facets: runFacets.entries(),
    within: runFacets.has("stemma_run") ? own.texts("within").map(checkedUrn) : parentOf(runFacets),
    sources: sourcesOf(jobFacets),
    isDeployment: jobFacets.objectOrNone("jobType").value["jobType"] === "DEPLOYMENT",
    inputs,
    outputs,
  };
}

function readJobName(event: Fields): SeenRun["job"] {
  const job = event.object("job");
  job.objectOrNone("facets").entries();
  return { namespace: job.text("namespace"), name: job.text("name") };
}

function readDataset(dataset: Fields): SeenDataset {
  const facets = dataset.objectOrNone("facets");
  const namespace = dataset.text("namespace");
  const version = facets.objectOrNone("version").textOrNone("datasetVersion") ?? "";
  const condition = dataset.objectOrNone("inputFacets").objectOrNone("subset").objectOrNone("inputCondition");
  const origins = facets.objectOrNone("stemma_origin").objects("derivedFrom");
  return {
    identity: namedDataset({ namespace, name: dataset.text("name"), version }),
    namespace,
    facets: facets.entries().filter(([name]) => name !== "version"),
    files: condition.value["type"] === "location" ? condition.texts("locations") : [],
    derivedFrom: origins.map((origin) =>
      formatUrn(
        namedDataset({
          namespace: origin.text("namespace"),
          name: origin.text("name"),
          version: origin.has("version") ? textOf(origin.value["version"]) : "",
        }),
      ),
    ),
  };
}

/** A job or datum that we exported, when the id of the run is indeed made of its URN; else a run. */
function runIdentity(runId: string, urn: string | undefined): Identity {
  const run: Identity = { kind: "run", id: undashed(runId) };
  if (urn === undefined) return run;
  const identity = parseUrn(urn);
  return runIdOfUrn(formatUrn(identity)) === runId ? identity : run;
}

function checkedUrn(text: string): Urn {
  return formatUrn(parseUrn(text));
}

function parentOf(facets: Fields): readonly Urn[] {
  if (!facets.has("parent")) return [];
  return [formatUrn({ kind: "run", id: undashed(facets.object("parent").object("run").uuid("runId")) })];
}

const GIT_COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const PIPELINE = /\/([\w-]+)\/([\w-]+)$/;

/** The code that a run ran: a git commit, or the version of a pipeline. */
function sourcesOf(jobFacets: Fields): readonly Urn[] {
  const place = jobFacets.objectOrNone("sourceCodeLocation").value;
  const [type, url, version] = [place["type"], place["url"], place["version"]];
  if (typeof version !== "string") return [];
  if (type === "git" && GIT_COMMIT.test(version)) return [formatUrn({ kind: "code", commit: version })];
  const [, project, pipeline] = type === "pachyderm" && typeof url === "string" ? (PIPELINE.exec(url) ?? []) : [];
  if (project === undefined || pipeline === undefined || !/^\d{1,15}$/.test(version)) return [];
  return [formatUrn({ kind: "pipeline", project, pipeline, version: Number(version) })];
}
