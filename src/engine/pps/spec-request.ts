import type { CreatePipelineRequest__Output as CreatePipelineRequest } from "../../pachyderm/generated/pps_v2/CreatePipelineRequest.ts";
import { refused } from "../fault.ts";
import { DEFAULT_PROJECT, checkPipelineName } from "../pfs/names.ts";
import type { PipelineSpec } from "./pipeline-spec.ts";
import { checkOptions } from "./spec-checks.ts";
import { toSpecInput } from "./spec-input.ts";

/** Checks a spec and takes out of it what the engine runs. Throws what Pachyderm says of a spec that it refuses. */
export function toPipelineSpec(request: CreatePipelineRequest): PipelineSpec {
  const name = request.pipeline?.name;
  if (name === undefined || name === "") throw refused("request.Pipeline cannot be nil");
  const pipeline = { project: request.pipeline?.project?.name || DEFAULT_PROJECT, name };
  checkPipelineName(pipeline.project, name);
  const { transform } = request;
  if (transform === undefined) throw refused("pipeline must specify a transform");
  checkOptions(request);
  return {
    pipeline,
    program: { command: transform.cmd ?? [], stdin: transform.stdin ?? [] },
    onError: { command: transform.err_cmd ?? [], stdin: transform.err_stdin ?? [] },
    environment: transform.env ?? {},
    secrets: transform.secrets ?? [],
    workingDirectory: transform.working_dir ?? "",
    user: transform.user ?? "",
    datumBatching: transform.datum_batching ?? false,
    acceptedCodes: (transform.accept_return_code ?? []).map(Number),
    input: toSpecInput(request.input, pipeline),
    outputBranch: request.output_branch || "master",
    parallelism: Number(request.parallelism_spec?.constant ?? 1) || 1,
    datumTries: Number(request.datum_tries ?? 3) || 3,
    datumTimeoutMs: milliseconds(request.datum_timeout),
    jobTimeoutMs: milliseconds(request.job_timeout),
    datumSet: {
      number: Number(request.datum_set_spec?.number ?? 0),
      sizeBytes: Number(request.datum_set_spec?.size_bytes ?? 0),
      perWorker: Number(request.datum_set_spec?.per_worker ?? 0),
    },
    egressUrl: request.egress?.object_storage?.url || (request.egress?.URL ?? ""),
    everyJob: request.reprocess_spec === "every_job",
  };
}

function milliseconds(duration: { seconds?: string; nanos?: number } | undefined): number | undefined {
  if (duration === undefined) return undefined;
  return Number(duration.seconds ?? 0) * 1000 + (duration.nanos ?? 0) / 1e6;
}
