import type { Input } from "../../pachyderm/generated/pps_v2/Input.ts";
import type { JobInfo } from "../../pachyderm/generated/pps_v2/JobInfo.ts";
import type { PipelineInfo } from "../../pachyderm/generated/pps_v2/PipelineInfo.ts";
import type { PfsInput, SpecInput } from "../pps/pipeline-spec.ts";
import { type VersionRow, readSpec } from "../pps/pipelines.ts";
import { toTimestamp } from "./wire.ts";

type JobDetails = NonNullable<JobInfo["details"]>;
type PipelineDetails = NonNullable<PipelineInfo["details"]>;

/** What a job shows of the version of its pipeline: its inputs are read at its commit set. */
export function toJobDetails(version: VersionRow, setId: string): JobDetails {
  return shared(version, setId);
}

/** What a pipeline shows of a version's spec. */
export function toPipelineDetails(version: VersionRow): PipelineDetails {
  const { request, spec } = readSpec(version);
  return {
    ...shared(version),
    output_branch: spec.outputBranch,
    description: request.description ?? "",
    reprocess_spec: request.reprocess_spec || "until_success",
    autoscaling: request.autoscaling ?? false,
    maximum_expected_uptime: request.maximum_expected_uptime ?? null,
    metadata: request.metadata ?? null,
    tolerations: request.tolerations ?? [],
    updated_at: toTimestamp(version.created),
  };
}

function shared(version: VersionRow, setId?: string) {
  const { request, spec } = readSpec(version);
  return {
    transform: request.transform ?? null,
    parallelism_spec: request.parallelism_spec ?? null,
    egress: request.egress ?? null,
    resource_requests: request.resource_requests ?? null,
    resource_limits: request.resource_limits ?? null,
    sidecar_resource_requests: request.sidecar_resource_requests ?? null,
    sidecar_resource_limits: request.sidecar_resource_limits ?? null,
    datum_set_spec: request.datum_set_spec ?? null,
    datum_timeout: request.datum_timeout ?? null,
    job_timeout: request.job_timeout ?? null,
    datum_tries: String(spec.datumTries),
    scheduling_spec: request.scheduling_spec ?? null,
    pod_spec: request.pod_spec ?? "",
    pod_patch: request.pod_patch ?? "",
    salt: version.salt,
    input: spec.input === undefined ? null : toWireInput(spec.input, version, setId),
  };
}

/** An input with all that the server filled in and, of a job, the commit set that it is read at. */
function toWireInput(input: SpecInput, version: VersionRow, setId: string | undefined): Input {
  if (input.kind !== "pfs") return { [input.kind]: input.inputs.map((child) => toWireInput(child, version, setId)) };
  const { name, project, repo, cron } = input;
  const common = { name, project, repo, commit: setId ?? "" };
  if (cron === undefined) return { pfs: { ...common, ...pfsOnly(input) } };
  return { cron: { ...common, spec: cron.spec, overwrite: cron.overwrite, start: toTimestamp(cron.start ?? version.created) } };
}

function pfsOnly(input: PfsInput): Input["pfs"] {
  return {
    repo_type: input.repoType,
    branch: input.branch,
    glob: input.glob,
    join_on: input.joinOn,
    outer_join: input.outerJoin,
    group_by: input.groupBy,
    lazy: input.lazy,
    empty_files: input.emptyFiles,
    trigger: input.trigger ?? null,
    propagation_spec: input.neverPropagates ? { never: true } : null,
    reference: input.isReference,
  };
}
