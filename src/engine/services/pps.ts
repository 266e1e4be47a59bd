import type { APIHandlers } from "../../pachyderm/generated/pps_v2/API.ts";
import type { SecretInfo } from "../../pachyderm/generated/pps_v2/SecretInfo.ts";
import {
  createPipeline,
  deletePipeline,
  findPipeline,
  inspectPipeline,
  listPipelines,
  pipelineVersion,
  pipelineVersions,
  startPipeline,
  stopPipeline,
} from "../pipelines.ts";
import { findDatum } from "../datums.ts";
import { invalid, refused } from "../fault.ts";
import { inspectJob, jobById, stopJob } from "../jobs.ts";
import { toPipelineSpec } from "../pipeline-spec.ts";
import type { SecretRow, Secrets } from "../secrets.ts";
import { effectiveSpec, formatSpec } from "../spec-json.ts";
import type { EngineState } from "../state.ts";
import { inspectJobSet, listDatums, listJobInfos, listJobSets, waitForJob } from "./job-queries.ts";
import { getLogs } from "./logs.ts";
import { toDatumInfo, toJobInfo, toJobKey, toPipelineInfo, toPipelineKey } from "./pps-wire.ts";
import type { Adapter } from "./rpc.ts";
import { toTimestamp } from "./wire.ts";

const EMPTY = {};

/** pps_v2.API: pipelines, jobs, datums, logs and secrets. */
export function ppsHandlers(state: EngineState, secrets: Secrets, rpc: Adapter): Partial<APIHandlers> {
  return { ...pipelineHandlers(state, rpc), ...jobHandlers(state, rpc), ...secretHandlers(secrets, rpc) };
}

interface Flags {
  readonly update?: boolean | undefined;
  readonly reprocess?: boolean | undefined;
  readonly dry_run?: boolean | undefined;
}

function pipelineHandlers(state: EngineState, rpc: Adapter): Partial<APIHandlers> {
  const { db, nodes } = state;
  const create = (userJson: string, flags: Flags): string => {
    const { json, request } = effectiveSpec(userJson);
    if (flags.dry_run) return json;
    const { update = false, reprocess = false } = flags;
    const spec = toPipelineSpec(request);
    state.write((tx) => createPipeline(tx, nodes, { spec, userJson, effectiveJson: json, update, reprocess }));
    return json;
  };
  return {
    CreatePipeline: rpc.unary(({ update, reprocess, dry_run, ...spec }) => {
      create(formatSpec(spec), { update, reprocess, dry_run });
      return EMPTY;
    }),
    CreatePipelineV2: rpc.unary(({ create_pipeline_request_json, ...flags }) => ({
      effective_create_pipeline_request_json: create(create_pipeline_request_json ?? "", flags),
    })),
    InspectPipeline: rpc.unary(({ pipeline, details }) => {
      const row = inspectPipeline(db, toPipelineKey(pipeline));
      return toPipelineInfo(db, row, pipelineVersion(db, row.id, row.version), details ?? false);
    }),
    ListPipeline: rpc.stream(function* ({ pipeline, projects, history, jqFilter }) {
      if (jqFilter) throw invalid("the embedded engine does not take a jq filter; filter its answer instead");
      const wanted = pipeline?.name ? [inspectPipeline(db, toPipelineKey(pipeline))] : listPipelines(db);
      const names = (projects ?? []).map(({ name }) => name ?? "");
      for (const row of wanted.filter(({ project }) => names.length === 0 || names.includes(project))) {
        const versions = pipelineVersions(db, row.id);
        const most = Number(history ?? 0) < 0 ? versions.length : Number(history ?? 0) + 1;
        for (const version of versions.slice(0, most)) yield toPipelineInfo(db, row, version, true);
      }
    }),
    DeletePipeline: rpc.unary(({ pipeline, force, keep_repo, must_exist }) => {
      const key = toPipelineKey(pipeline);
      if (!must_exist && findPipeline(db, key) === undefined) return EMPTY;
      state.write((tx) => deletePipeline(tx, nodes, key, { force: force ?? false, keepRepo: keep_repo ?? false }));
      return EMPTY;
    }),
    StartPipeline: rpc.unary(({ pipeline }) => {
      state.write((tx) => startPipeline(tx, toPipelineKey(pipeline)));
      return EMPTY;
    }),
    StopPipeline: rpc.unary(({ pipeline, must_exist }) => {
      const key = toPipelineKey(pipeline);
      if (!must_exist && findPipeline(db, key) === undefined) return EMPTY;
      state.write((tx) => stopPipeline(tx, nodes, key));
      return EMPTY;
    }),
    GetClusterDefaults: rpc.unary(() => ({ cluster_defaults_json: "{}" })),
    GetProjectDefaults: rpc.unary(() => ({ project_defaults_json: "{}" })),
  };
}

function jobHandlers(state: EngineState, rpc: Adapter): Partial<APIHandlers> {
  const { db, nodes } = state;
  return {
    InspectJob: rpc.unary(async ({ job, wait, details }, signal) => {
      const key = toJobKey(job);
      const { id } = inspectJob(db, key.pipeline, key.id);
      if (wait) await waitForJob(state, id, signal);
      return toJobInfo(db, jobById(db, id), details ?? false);
    }),
    InspectJobSet: rpc.stream(({ job_set, wait, details }, signal) =>
      inspectJobSet(state, job_set?.id ?? "", { wait, details }, signal),
    ),
    ListJob: rpc.stream((request) => listJobInfos(db, request)),
    ListJobSet: rpc.stream((request) => listJobSets(db, request)),
    StopJob: rpc.unary(({ job, reason }) => {
      const key = toJobKey(job);
      state.write((tx) => stopJob(tx, nodes, inspectJob(db, key.pipeline, key.id), reason ?? ""));
      return EMPTY;
    }),
    ListDatum: rpc.stream((request) => listDatums(state, request)),
    InspectDatum: rpc.unary(({ datum }) => {
      const key = toJobKey(datum?.job);
      const job = inspectJob(db, key.pipeline, key.id);
      const row = findDatum(db, job.id, datum?.id ?? "");
      if (row === undefined)
        throw refused(`datum ${datum?.id ?? ""} not found in job ${key.pipeline.project}/${key.pipeline.name}@${key.id}`);
      return toDatumInfo(state, job, row);
    }),
    GetLogs: rpc.stream((request, signal) => getLogs(state, request, signal)),
  };
}

function secretHandlers(secrets: Secrets, rpc: Adapter): Partial<APIHandlers> {
  return {
    CreateSecret: rpc.unary(({ file }) => {
      secrets.create(file ?? Buffer.alloc(0));
      return EMPTY;
    }),
    DeleteSecret: rpc.unary(({ secret }) => {
      secrets.delete(secret?.name ?? "");
      return EMPTY;
    }),
    ListSecret: rpc.unary(() => ({ secret_info: secrets.list().map(toSecretInfo) })),
    InspectSecret: rpc.unary(({ secret }) => toSecretInfo(secrets.inspect(secret?.name ?? ""))),
  };
}

function toSecretInfo(row: SecretRow): SecretInfo {
  return { secret: { name: row.name }, type: row.type, creation_timestamp: toTimestamp(row.created) };
}
