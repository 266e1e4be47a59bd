import { notFound } from "../fault.ts";
import type { JobRow } from "../pps/jobs.ts";
import type { PipelineSpec } from "../pps/pipeline-spec.ts";
import type { SecretFile } from "../sandbox/secret-files.ts";
import { findAccount } from "../sandbox/user-account.ts";
import type { Secrets } from "../pps/secrets.ts";
import { jobVariables } from "./environment.ts";
import type { JobTools } from "./job-tools.ts";
import type { JobWork } from "./job-work.ts";
import { maskOf } from "./mask.ts";
import type { RunningDatums } from "./running-datums.ts";

export interface JobToDo {
  readonly job: JobRow;
  readonly spec: PipelineSpec;
  readonly specCommit: string;
  readonly running: RunningDatums;
  readonly signal: AbortSignal;
}

/** Gathers what a job's commands need. Throws where there is no such secret or user. */
export function prepareWork(tools: JobTools, { job, spec, specCommit, running, signal }: JobToDo): JobWork {
  const secret = secretVariables(tools.secrets, spec);
  const secretFiles = filesOf(tools.secrets, spec);
  const { PACH_TOKEN: token = "", ...inherited } = tools.environment;
  const contents = secretFiles.map(({ content }) => Buffer.from(content).toString("utf8"));
  const mask = maskOf([token, ...Object.values(secret), ...contents]);
  const peerPort = inherited["PACHD_PEER_SERVICE_PORT"];
  return {
    state: tools.state,
    job,
    spec,
    environment: {
      inherited: { ...inherited, ...(peerPort === undefined ? {} : { PEER_PORT: peerPort }) },
      open: jobVariables(job, spec, specCommit, tools.workerPort),
      secret: { ...(token === "" ? {} : { PACH_TOKEN: token }), ...secret },
    },
    secretFiles,
    account: findAccount(spec.user),
    workingDirectory: spec.workingDirectory || tools.workingDirectory,
    signal,
    running,
    log: (datum, user, message) =>
      tools.logs.add({ job: job.id, datum, source: user ? "user" : "worker", message: mask(message) }),
  };
}

function secretVariables(secrets: Secrets, spec: PipelineSpec): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const { name = "", key = "", env_var } of spec.secrets) {
    if (!env_var) continue;
    const value = secrets.reveal(name)[key];
    if (value === undefined) throw notFound(`secret "${name}" has no key "${key}"`);
    variables[env_var] = value.toString("utf8");
  }
  return variables;
}

/** A mounted secret is a folder with a file for each of its keys. */
function filesOf(secrets: Secrets, spec: PipelineSpec): SecretFile[] {
  return spec.secrets.flatMap(({ name = "", mount_path: folder }) => {
    if (!folder) return [];
    return Object.entries(secrets.reveal(name)).map(([key, content]) => ({ folder, name: key, content }));
  });
}
