import type { CreatePipelineRequest__Output as CreatePipelineRequest } from "../../pachyderm/generated/pps_v2/CreatePipelineRequest.ts";
import { invalid, refused, unimplemented } from "../fault.ts";

/** Checks the options of a spec, without its name and its input. Throws what pachd says of those that it refuses. */
export function checkOptions(request: CreatePipelineRequest): void {
  checkAsPachd(request);
  checkNumbers(request);
  refuseUnsupported(request);
}

function checkAsPachd(request: CreatePipelineRequest): void {
  const { transform, service, spout } = request;
  if (request.tf_job !== undefined) throw refused("embedding TFJobs in pipelines is not supported yet");
  if (request.s3_out && (service ?? spout) !== undefined) throw refused("s3 output is not supported in spouts or services");
  if (spout !== undefined && request.autoscaling)
    throw refused("autoscaling can't be used with spouts (spouts aren't triggered externally)");
  if (spout !== undefined && spout.service === undefined && request.input !== undefined)
    throw refused("spout pipelines (without a service) must not have an input");
  if (service !== undefined && Number(request.parallelism_spec?.constant ?? 1) !== 1)
    throw refused("services can only be run with a constant parallelism of 1");
  const keyless = transform?.secrets?.find((secret) => secret.env_var && !secret.key);
  if (keyless !== undefined) throw refused(`secret ${keyless.name ?? ""} has env_var set but is missing key`);
}

/** pachd takes these, and a job then never ends, or never begins. */
function checkNumbers(request: CreatePipelineRequest): void {
  const { datum_set_spec: set, transform } = request;
  const numbers = {
    datum_tries: request.datum_tries,
    "datum_set_spec.number": set?.number,
    "datum_set_spec.size_bytes": set?.size_bytes,
    "datum_set_spec.per_worker": set?.per_worker,
  };
  for (const [field, number] of Object.entries(numbers))
    if (Number(number ?? 0) < 0) throw invalid(`${field} must not be negative, but is ${number}`);
  for (const field of ["datum_timeout", "job_timeout"] as const) {
    const { seconds = "0", nanos = 0 } = request[field] ?? { seconds: "1" };
    if (Number(seconds) * 1e9 + nanos <= 0) throw invalid(`${field} must be longer than nothing`);
  }
  const code = transform?.accept_return_code?.find((text) => Number(text) < 0 || Number(text) > 255);
  if (code !== undefined) throw invalid(`accept_return_code: no program ends with ${code}; the codes are 0 to 255`);
}

function refuseUnsupported(request: CreatePipelineRequest): void {
  const unsupported = (["service", "spout", "determined"] as const).find((field) => request[field] !== undefined);
  const database = request.egress?.sql_database === undefined ? undefined : "egress.sql_database";
  const field = unsupported ?? database ?? (request.s3_out ? "s3_out" : undefined);
  if (field !== undefined)
    throw unimplemented(`the embedded engine does not run pipelines with "${field}"; use a Pachyderm cluster`);
}
