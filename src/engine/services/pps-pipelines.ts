import type { APIHandlers } from "../../pachyderm/generated/pps_v2/API.ts";
import type { CreatePipelineRequest__Output as CreatePipelineRequest } from "../../pachyderm/generated/pps_v2/CreatePipelineRequest.ts";
import type { CreatePipelineTransaction } from "../../pachyderm/generated/pps_v2/CreatePipelineTransaction.ts";
import { createPipeline } from "../pps/create-pipeline.ts";
import { refused, within } from "../fault.ts";
import { DEFAULT_PROJECT } from "../pfs/names.ts";
import { withDefaults } from "../pps/pipeline-defaults.ts";
import { deletePipelines, rerunPipeline, runCron, startPipeline, stopPipeline } from "../pps/pipeline-life.ts";
import { findPipeline, inspectPipeline, listPipelines, pipelineText } from "../pps/pipelines.ts";
import { formatSpec } from "../pps/spec-json.ts";
import { EMPTY, type Parts } from "./parts.ts";
import { inspectPipelineInfo, listPipelineInfos, pipelinesSummaries } from "./pipeline-queries.ts";
import { fromPipeline, toPipelineKey } from "./pps-wire.ts";
import type { Call } from "../rpc.ts";

/** Pipelines. */
export function pipelineHandlers(parts: Parts): Partial<APIHandlers> {
  const { state, rpc } = parts;
  const { db, nodes } = state;
  const create = creator(parts);
  return {
    CreatePipeline: rpc.unary(({ update, reprocess, dry_run, ...spec }, call) => {
      create(formatSpec(spec), { update, reprocess, dry_run }, call);
      return EMPTY;
    }),
    CreatePipelineV2: rpc.unary(({ create_pipeline_request_json = "", ...flags }, call) => ({
      effective_create_pipeline_request_json: create(create_pipeline_request_json, flags, call),
    })),
    InspectPipeline: rpc.unary(({ pipeline, details }) => inspectPipelineInfo(db, toPipelineKey(pipeline), details ?? false)),
    ListPipeline: rpc.stream((request) => listPipelineInfos(db, request)),
    PipelinesSummary: rpc.unary(({ projects = [] }) => ({
      summaries: pipelinesSummaries(
        db,
        projects.map(({ name }) => name || DEFAULT_PROJECT),
      ),
    })),
    StartPipeline: rpc.unary(({ pipeline }) => {
      state.write((tx) => startPipeline(tx, toPipelineKey(pipeline)));
      return EMPTY;
    }),
    StopPipeline: rpc.unary(({ pipeline, must_exist }) => {
      const key = toPipelineKey(pipeline);
      if (must_exist || findPipeline(db, key) !== undefined) state.write((tx) => stopPipeline(tx, nodes, key));
      return EMPTY;
    }),
    RerunPipeline: rpc.unary(({ pipeline, reprocess }) => {
      state.write((tx) => rerunPipeline(tx, nodes, toPipelineKey(pipeline), reprocess ?? false));
      return EMPTY;
    }),
    RunCron: rpc.unary(({ pipeline }) => {
      runCron(state, toPipelineKey(pipeline));
      return EMPTY;
    }),
    RunPipeline: rpc.unary(() => {
      throw refused("unimplemented");
    }),
    ...deletingHandlers(parts),
  };
}

function deletingHandlers({ state, rpc, secrets }: Parts): Partial<APIHandlers> {
  const { db, nodes } = state;
  const deleteAll = (projects: readonly string[], options: { force: boolean; keepRepo: boolean }) =>
    state.write((tx) => {
      const rows = listPipelines(tx.db, projects);
      deletePipelines(tx, nodes, rows, options);
      return { pipelines: rows.map(fromPipeline) };
    });
  return {
    DeletePipeline: rpc.unary(({ pipeline, all, force = false, keep_repo: keepRepo = false, must_exist: mustExist }) => {
      if (all) deleteAll([], { force, keepRepo });
      else {
        const key = toPipelineKey(pipeline);
        if (mustExist) within(`error stopping pipeline ${pipelineText(key)}`, () => inspectPipeline(db, key));
        const row = findPipeline(db, key);
        if (row !== undefined) state.write((tx) => deletePipelines(tx, nodes, [row], { force, keepRepo }));
      }
      return EMPTY;
    }),
    DeletePipelines: rpc.unary(({ projects = [], all, force = false, keep_repo: keepRepo = false }) => {
      const names = projects.map(({ name }) => name || DEFAULT_PROJECT);
      return all || names.length > 0 ? deleteAll(all ? [] : names, { force, keepRepo }) : { pipelines: [] };
    }),
    DeleteAll: rpc.unary(() => {
      deleteAll([], { force: true, keepRepo: false });
      for (const { name } of secrets.list()) secrets.delete(name);
      return EMPTY;
    }),
  };
}

interface Flags {
  readonly update?: boolean | undefined;
  readonly reprocess?: boolean | undefined;
  readonly dry_run?: boolean | undefined;
}

/** Answers what creates a pipeline from a user's JSON, at once or in a transaction, and answers the effective spec's. */
function creator({ state, changes }: Parts): (userJson: string, flags: Flags, call: Call) => string {
  const apply = changes.define("create_pipeline_v2", (tx, change: CreatePipelineTransaction) => {
    const request = change.create_pipeline_request as CreatePipelineRequest | undefined;
    if (request === undefined) throw refused("empty CreatePipelineRequest in CreatePipelineTransaction");
    const { update = false, reprocess = false } = request;
    const effectiveJson = change.effective_json || formatSpec(request);
    const userJson = change.user_json || effectiveJson;
    createPipeline(tx, state.nodes, { userJson, effectiveJson, update, reprocess });
    return EMPTY;
  });
  return (userJson, { update = false, reprocess = false, dry_run: dryRun = false }, call) => {
    const effective = withDefaults(state.db, userJson);
    const { pipeline } = effective.request;
    if (pipeline === undefined) throw refused("request.Pipeline cannot be nil");
    const project = { name: pipeline.project?.name || DEFAULT_PROJECT };
    const request = { ...effective.request, pipeline: { ...pipeline, project }, update, reprocess };
    if (!dryRun) apply({ create_pipeline_request: request, user_json: userJson, effective_json: effective.json }, call);
    return formatSpec(withoutFalse(request));
  };
}

/** Flags that are not set are not shown. */
function withoutFalse({ update, reprocess, ...request }: CreatePipelineRequest): CreatePipelineRequest {
  return { ...request, ...(update ? { update } : {}), ...(reprocess ? { reprocess } : {}) };
}
