import type { CreatePipelineRequest__Output as CreatePipelineRequest } from "../pachyderm/generated/pps_v2/CreatePipelineRequest.ts";
import type { Input__Output as Input } from "../pachyderm/generated/pps_v2/Input.ts";
import type { SecretMount__Output as SecretMount } from "../pachyderm/generated/pps_v2/SecretMount.ts";
import { refused, unimplemented } from "./fault.ts";
import { compileGlob } from "./glob.ts";
import { DEFAULT_PROJECT, checkPipelineName } from "./names.ts";

export interface PipelineKey {
  readonly project: string;
  readonly name: string;
}

/** Where a pipeline's datums come from: one for each match of the glob. */
export interface SpecInput {
  readonly name: string;
  readonly project: string;
  readonly repo: string;
  readonly repoType: string;
  readonly branch: string;
  readonly glob: string;
}

export interface Program {
  readonly command: readonly string[];
  readonly stdin: readonly string[];
}

/** What the engine needs of a pipeline's spec, with defaults filled in. */
export interface PipelineSpec {
  readonly pipeline: PipelineKey;
  readonly program: Program;
  /** Runs when a datum has failed for good; if it succeeds the datum is recovered. Empty command: none. */
  readonly onError: Program;
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets: readonly SecretMount[];
  readonly workingDirectory: string;
  readonly acceptedCodes: readonly number[];
  readonly input: SpecInput;
  readonly outputBranch: string;
  readonly parallelism: number;
  readonly datumTries: number;
  readonly datumTimeoutMs: number | undefined;
  readonly jobTimeoutMs: number | undefined;
  /** Runs every datum in every job, and skips none. */
  readonly everyJob: boolean;
}

/** Checks a spec and takes out of it what the engine runs. Throws what Pachyderm says of a spec that it refuses. */
export function toPipelineSpec(request: CreatePipelineRequest): PipelineSpec {
  const name = request.pipeline?.name;
  if (name === undefined || name === "") throw refused("request.Pipeline cannot be nil");
  checkPipelineName(name);
  const pipeline = { project: request.pipeline?.project?.name || DEFAULT_PROJECT, name };
  refuseUnsupported(request);
  const { transform } = request;
  if (transform === undefined) throw refused("pipeline must specify a transform");
  if (!transform.cmd?.length) throw refused("nothing to run: no transform.cmd");
  return {
    pipeline,
    program: { command: transform.cmd, stdin: transform.stdin ?? [] },
    onError: { command: transform.err_cmd ?? [], stdin: transform.err_stdin ?? [] },
    environment: transform.env ?? {},
    secrets: transform.secrets ?? [],
    workingDirectory: transform.working_dir ?? "",
    acceptedCodes: (transform.accept_return_code ?? []).map(Number),
    input: toInput(request.input, pipeline.project),
    outputBranch: request.output_branch || "master",
    parallelism: Math.max(1, Number(request.parallelism_spec?.constant ?? 1)),
    datumTries: Math.max(1, Number(request.datum_tries ?? 3)),
    datumTimeoutMs: milliseconds(request.datum_timeout),
    jobTimeoutMs: milliseconds(request.job_timeout),
    everyJob: request.reprocess_spec === "every_job",
  };
}

function refuseUnsupported(request: CreatePipelineRequest): void {
  const unsupported = (["service", "spout", "egress", "tf_job", "determined"] as const).find(
    (field) => request[field] !== undefined,
  );
  if (unsupported !== undefined)
    throw unimplemented(`the embedded engine does not run pipelines with "${unsupported}"; use a Pachyderm cluster`);
  if (request.s3_out) throw unimplemented('the embedded engine does not run pipelines with "s3_out"; use a Pachyderm cluster');
  if (request.transform?.secrets?.some((secret) => secret.mount_path)) {
    throw unimplemented('the embedded engine gives secrets by "env_var", not by "mount_path"');
  }
  if (request.transform?.datum_batching) throw unimplemented('the embedded engine does not run pipelines with "datum_batching"');
}

function toInput(input: Input | undefined, project: string): SpecInput {
  const kinds = (["pfs", "cross", "union", "join", "group", "cron"] as const).filter((kind) => {
    const value = input?.[kind];
    return Array.isArray(value) ? value.length > 0 : value !== undefined;
  });
  if (kinds.length === 0) throw refused("no input set");
  if (kinds.length > 1) throw refused("multiple input types set");
  const pfs = input?.pfs;
  if (pfs === undefined) throw unimplemented(`the embedded engine takes a "pfs" input, not "${kinds[0]}"`);
  if (pfs.lazy || pfs.empty_files || pfs.s3 || pfs.trigger) {
    throw unimplemented('the embedded engine does not take "lazy", "empty_files", "s3" or "trigger" of a pfs input');
  }
  if (!pfs.repo) throw refused("input must specify a repo");
  if (!pfs.glob) throw refused("input must specify a glob");
  // pachd takes a malformed pattern, and its job then fails without end.
  compileGlob(pfs.glob);
  if (pfs.commit) throw refused("input cannot come from a commit; use a branch with head pointing to the commit");
  const name = pfs.name || pfs.repo;
  if (name === "out" || name === ".env") throw refused(`input cannot be named ${name}`);
  return {
    name,
    project: pfs.project || project,
    repo: pfs.repo,
    repoType: pfs.repo_type || "user",
    branch: pfs.branch || "master",
    glob: pfs.glob.startsWith("/") ? pfs.glob : `/${pfs.glob}`,
  };
}

function milliseconds(duration: { seconds?: string; nanos?: number } | undefined): number | undefined {
  if (duration === undefined) return undefined;
  return Number(duration.seconds ?? 0) * 1000 + (duration.nanos ?? 0) / 1e6;
}
