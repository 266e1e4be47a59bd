import type { CreatePipelineRequest__Output as CreatePipelineRequest } from "../../pachyderm/generated/pps_v2/CreatePipelineRequest.ts";
import type { Database } from "../store/database.ts";
import { type Fault, notFound, refused } from "../fault.ts";
import type { PipelineKey, PipelineSpec } from "./pipeline-spec.ts";
import { parseSpec } from "./spec-json.ts";
import { toPipelineSpec } from "./spec-request.ts";

export interface PipelineRow {
  readonly id: number;
  readonly project: string;
  readonly name: string;
  /** The newest. */
  readonly version: number;
  /** That of the newest version. */
  readonly output_branch: string;
  readonly created: number;
  readonly metadata: string;
}

export interface VersionRow {
  readonly pipeline: number;
  readonly version: number;
  readonly spec_commit: number;
  /** As the user sent it. */
  readonly user_spec: string;
  /** With the defaults filled in. */
  readonly effective_spec: string;
  /** Goes into each datum's hash: a new one makes every datum run again. */
  readonly salt: string;
  readonly created: number;
  readonly stopped: number;
  /** Why it cannot run at all; else "". */
  readonly reason: string;
}

export function findPipeline(db: Database, key: PipelineKey): PipelineRow | undefined {
  return db.get("SELECT * FROM pipelines WHERE project = ? AND name = ?", key.project, key.name);
}

/** The pipeline, or pachd's words for one that it was to work with and could not find: those of the commit that it looks for. */
export function inspectPipeline(db: Database, key: PipelineKey): PipelineRow {
  const row = findPipeline(db, key);
  if (row !== undefined) return row;
  const name = pipelineText(key);
  throw notFound(
    `pipeline was not inspected: couldn't find up to date spec for pipeline "${name}": pick commit tx: ` +
      `commit ${name}.spec@ not found\nrepo ${name}.spec not found\n${pipelineNotFound(key).message}`,
  );
}

export function pipelineNotFound(key: PipelineKey): Fault {
  return notFound(`pipeline "${pipelineText(key)}" not found`);
}

/** `project/pipeline` */
export function pipelineText(key: PipelineKey): string {
  return `${key.project}/${key.name}`;
}

export function pipelineById(db: Database, id: number): PipelineRow {
  const row = db.get<PipelineRow>("SELECT * FROM pipelines WHERE id = ?", id);
  if (row === undefined) throw notFound("the pipeline was deleted");
  return row;
}

/** Of these projects, or of all if there are none: in the order of their newest versions, newest first. */
export function listPipelines(db: Database, projects: readonly string[]): PipelineRow[] {
  return db.all(
    `SELECT p.* FROM pipelines p JOIN pipeline_versions v ON v.pipeline = p.id AND v.version = p.version
     WHERE ? = '[]' OR p.project IN (SELECT value FROM json_each(?)) ORDER BY v.spec_commit DESC`,
    JSON.stringify(projects),
    JSON.stringify(projects),
  );
}

export function pipelineVersion(db: Database, pipelineId: number, version: number): VersionRow {
  const row = db.get<VersionRow>("SELECT * FROM pipeline_versions WHERE pipeline = ? AND version = ?", pipelineId, version);
  if (row === undefined) throw new Error(`pipeline ${pipelineId} has no version ${version}`);
  return row;
}

export function currentVersion(db: Database, pipeline: PipelineRow): VersionRow {
  return pipelineVersion(db, pipeline.id, pipeline.version);
}

/** So many versions before the newest. Throws UNKNOWN where there are not so many. */
export function earlierVersion(db: Database, pipeline: PipelineRow, versionsBack: number): VersionRow {
  const { version } = pipeline;
  if (versionsBack < version) return pipelineVersion(db, pipeline.id, version - versionsBack);
  const name = pipelineText(pipeline);
  throw refused(`pipeline "${name}" has only ${version} versions, not enough to find ancestor ${versionsBack}`);
}

/** A spec with its defaults as a message, and what the engine runs of it. */
export interface ReadSpec {
  readonly request: CreatePipelineRequest;
  readonly spec: PipelineSpec;
}

const MOST_SPECS = 500;
/** Reading a spec costs more than all else that a list of jobs shows, and its text says all. */
const readSpecs = new Map<string, ReadSpec>();

/** Throws what is to be said of a spec that is refused; one that was kept is not. */
export function readSpec({ effective_spec: text }: Pick<VersionRow, "effective_spec">): ReadSpec {
  const known = readSpecs.get(text);
  if (known !== undefined) return known;
  const request = parseSpec(text);
  const read = { request, spec: toPipelineSpec(request) };
  if (readSpecs.size >= MOST_SPECS) readSpecs.clear();
  readSpecs.set(text, read);
  return read;
}

export function specOf(version: VersionRow): PipelineSpec {
  return readSpec(version).spec;
}

export type PipelineState = "PIPELINE_RUNNING" | "PIPELINE_STANDBY" | "PIPELINE_PAUSED" | "PIPELINE_FAILURE";

/**
 * How a version of a pipeline stands. Workers are processes that start with each datum, so there is nothing like pachd's wait for
 * pods (STARTING, CRASHING); with autoscaling it stands by while it has no job to work on.
 */
export function pipelineState(db: Database, pipeline: PipelineRow, version: VersionRow): PipelineState {
  if (version.reason !== "") return "PIPELINE_FAILURE";
  if (version.stopped !== 0) return "PIPELINE_PAUSED";
  if (readSpec(version).request.autoscaling !== true) return "PIPELINE_RUNNING";
  const job = db.get("SELECT 1 FROM jobs WHERE pipeline = ? AND finished IS NULL AND state <> 'JOB_CREATED'", pipeline.id);
  return job === undefined ? "PIPELINE_STANDBY" : "PIPELINE_RUNNING";
}
