import { join } from "node:path";
import type { Datum } from "../pps/datums.ts";
import type { JobRow } from "../pps/jobs.ts";
import type { PipelineSpec } from "../pps/pipeline-spec.ts";

type Variables = Readonly<Record<string, string>>;

/** The variables of a job's commands, by who may see them. */
export interface JobEnvironment {
  /** The engine's own; later ones win. */
  readonly inherited: Variables;
  /** Pachyderm's of the job, and the spec's: those in /pfs/.env, which is kept in the meta repo. */
  readonly open: Variables;
  readonly secret: Variables;
}

export function jobVariables(job: JobRow, spec: PipelineSpec, specCommit: string, workerPort: number): Variables {
  const { project, name } = spec.pipeline;
  return {
    PACH_IN_WORKER: "true",
    PACH_NAMESPACE: "default",
    PACH_ROOT: "/pach",
    PPS_PROJECT_NAME: project,
    PPS_PIPELINE_NAME: name,
    PPS_SPEC_COMMIT: specCommit,
    PPS_POD_NAME: workerName(spec, job.version),
    PPS_WORKER_IP: "127.0.0.1",
    PPS_WORKER_GRPC_PORT: String(workerPort),
    PACH_JOB_ID: job.set_id,
    PACH_OUTPUT_COMMIT_ID: job.set_id,
    ...spec.environment,
  };
}

/** What stands for the pod of a worker: all that work for a version of a pipeline share it. */
export function workerName({ pipeline: { project, name } }: Pick<PipelineSpec, "pipeline">, version: number): string {
  return `${project}-${name}-v${version}`;
}

/** The variables of Pachyderm's worker that belong to a datum. Of several files of one input the last one counts. */
export function datumVariables({ id, files }: Datum): Variables {
  const variables: Record<string, string> = { PACH_DATUM_ID: id };
  for (const { input, path, commit, joinOn, groupBy } of files) {
    variables[input] = join("/pfs", input, path).replace(/\/$/, "");
    variables[`${input}_COMMIT`] = commit;
    if (joinOn !== "") variables[`PACH_DATUM_${input}_JOIN_ON`] = joinOn;
    if (groupBy !== "") variables[`PACH_DATUM_${input}_GROUP_BY`] = groupBy;
  }
  return variables;
}

/** The text of /pfs/.env: what programs load that read a datum after another. A value with more than one line is quoted. */
export function envFile(variables: Variables): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${value.includes("\n") ? JSON.stringify(value) : value}\n`)
    .join("");
}
