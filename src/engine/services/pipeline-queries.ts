import type { ListPipelineRequest__Output as ListPipelineRequest } from "../../pachyderm/generated/pps_v2/ListPipelineRequest.ts";
import type { PipelineInfo } from "../../pachyderm/generated/pps_v2/PipelineInfo.ts";
import type { PipelinesSummary } from "../../pachyderm/generated/pps_v2/PipelinesSummary.ts";
import { commitsBehindSet } from "../pfs/commit-graph.ts";
import type { Database } from "../store/database.ts";
import { invalid, refused } from "../fault.ts";
import { lastJob } from "../pps/jobs.ts";
import type { PipelineKey } from "../pps/pipeline-spec.ts";
import {
  type PipelineRow,
  type VersionRow,
  currentVersion,
  earlierVersion,
  findPipeline,
  inspectPipeline,
  listPipelines,
  pipelineById,
  pipelineNotFound,
  pipelineState,
} from "../pps/pipelines.ts";
import { listProjects } from "../pfs/projects.ts";
import { toPipelineInfo, toPipelineKey } from "./pps-wire.ts";

/** A pipeline, or with `^2` behind its name the version two before. */
export function inspectPipelineInfo(db: Database, key: PipelineKey, withDetails: boolean): PipelineInfo {
  const { name, back } = splitAncestry(key.name);
  const row = inspectPipeline(db, { project: key.project, name });
  return toPipelineInfo(db, row, earlierVersion(db, row, back), withDetails ? { details: "workers" } : {});
}

function splitAncestry(text: string): { name: string; back: number } {
  const [, name = "", ancestry = ""] = /^([^~^.]*)(.*)$/.exec(text) ?? [];
  if (ancestry.startsWith(".")) throw refused("cannot inspect future pipelines");
  if (!/^((\^\d*)*|(~\d*)*)$/.test(ancestry)) throw refused(`invalid ancestry syntax ${JSON.stringify(text)}`);
  const steps = Array.from(ancestry.matchAll(/[~^](\d*)/g), ([, digits]) => (digits === "" ? 1 : Number(digits)));
  return { name, back: steps.reduce((sum, step) => sum + step, 0) };
}

/**
 * Newest version first; of each pipeline the current one, and as many before as `history` says (negative: all). With a commit
 * set, of each pipeline the version that it was made with.
 */
export function* listPipelineInfos(db: Database, request: ListPipelineRequest): IterableIterator<PipelineInfo> {
  if (request.jqFilter) throw invalid("the embedded engine does not take a jq filter; filter its answer instead");
  const setId = request.commit_set?.id;
  const versions = setId ? versionsAt(db, request, setId) : listVersions(db, request, Number(request.history ?? 0));
  const size = Number(request.page?.page_size ?? 0) || versions.length;
  const from = size * Number(request.page?.page_index ?? 0);
  for (const version of versions.slice(from, from + size)) {
    const lastJobState = setId ? lastJob(db, version.pipeline, version.version)?.state : undefined;
    yield toPipelineInfo(db, pipelineById(db, version.pipeline), version, { details: "spec", lastJobState });
  }
}

function versionsAt(db: Database, request: ListPipelineRequest, setId: string): VersionRow[] {
  const commits = new Set(commitsBehindSet(db, setId).map(({ id }) => id));
  const versions = listVersions(db, request, -1).filter((version) => commits.has(version.spec_commit));
  return [...Map.groupBy(versions, ({ pipeline }) => pipeline).values()].flatMap((found) => found.slice(0, 1));
}

function listVersions(db: Database, { pipeline, projects = [] }: ListPipelineRequest, history: number): VersionRow[] {
  const key = pipeline?.name ? toPipelineKey(pipeline) : undefined;
  const only = key && findPipeline(db, key);
  if (key !== undefined && only === undefined) throw pipelineNotFound(key);
  const names = JSON.stringify(projects.map(({ name }) => name ?? ""));
  return db.all(
    `SELECT v.* FROM pipeline_versions v JOIN pipelines p ON p.id = v.pipeline
     WHERE ? IN (0, p.id) AND (? = '[]' OR p.project IN (SELECT value FROM json_each(?)))
     AND (? < 0 OR v.version >= p.version - ?) ORDER BY v.spec_commit DESC`,
    only?.id ?? 0,
    names,
    names,
    history,
    history,
  );
}

/** How many pipelines of each project run, are stopped, or cannot run, and how many had no success with their newest job. */
export function pipelinesSummaries(db: Database, projects: readonly string[]): PipelinesSummary[] {
  const wanted = projects.length > 0 ? projects : listProjects(db).map(({ name }) => name);
  const ofProject = Map.groupBy(listPipelines(db, wanted), ({ project }) => project);
  return wanted.flatMap((project) => {
    const rows = ofProject.get(project);
    return rows === undefined ? [] : [summaryOf(db, project, rows)];
  });
}

function summaryOf(db: Database, project: string, rows: readonly PipelineRow[]): PipelinesSummary {
  const states = rows.map((row) => pipelineState(db, row, currentVersion(db, row)));
  const count = (state: string): number => states.filter((other) => other === state).length;
  const [paused, failed] = [count("PIPELINE_PAUSED"), count("PIPELINE_FAILURE")];
  const bad = new Set<string | undefined>(["JOB_FAILURE", "JOB_KILLED", "JOB_UNRUNNABLE"]);
  return {
    project: { name: project },
    active_pipelines: String(rows.length - paused - failed),
    paused_pipelines: String(paused),
    failed_pipelines: String(failed),
    unhealthy_pipelines: String(rows.filter((row) => bad.has(lastJob(db, row.id)?.state)).length),
  };
}
