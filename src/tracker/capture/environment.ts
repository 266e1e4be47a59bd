import type { Environment } from "../ports.ts";

/** One input of a datum, as the worker's environment tells it. */
export interface JobInput {
  readonly name: string;
  /** Within the commit, absolute. */
  readonly path: string;
  readonly commit: string;
}

/** The Pachyderm job that this process is part of. */
export interface WorkerJob {
  readonly project: string;
  readonly pipeline: string;
  readonly job: string;
  readonly outputCommit: string;
  readonly datum: string;
  readonly specCommit: string | undefined;
  readonly inputs: readonly JobInput[];
  /** Where files written become the job's output. */
  readonly outputFolder: string;
  /** Pachyderm's own address for its workers. */
  readonly pachdAddress: string | undefined;
}

const COMMIT_SUFFIX = "_COMMIT";

/** Reads the variables that a Pachyderm worker sets, or undefined outside of one. */
export function readWorkerJob(env: Environment): WorkerJob | undefined {
  const job = env["PACH_JOB_ID"];
  const pipeline = env["PPS_PIPELINE_NAME"];
  if (!job || !pipeline) return undefined;
  const root = (env["STEMMA_PFS_ROOT"] || "/pfs").replace(/\/+$/, "");
  return {
    project: env["PPS_PROJECT_NAME"] || "default",
    pipeline,
    job,
    outputCommit: env["PACH_OUTPUT_COMMIT_ID"] || job,
    datum: env["PACH_DATUM_ID"] ?? "",
    specCommit: env["PPS_SPEC_COMMIT"] || undefined,
    inputs: readInputs(env, root),
    outputFolder: `${root}/out`,
    pachdAddress: readAddress(env),
  };
}

/** An input NAME has its commit in NAME_COMMIT and its place below /pfs/NAME in NAME. */
function readInputs(env: Environment, root: string): JobInput[] {
  const inputs: JobInput[] = [];
  for (const [variable, commit] of Object.entries(env)) {
    if (!variable.endsWith(COMMIT_SUFFIX) || !commit) continue;
    const name = variable.slice(0, -COMMIT_SUFFIX.length);
    const place = env[name];
    if (place === undefined || !`${place}/`.startsWith(`${root}/${name}/`)) continue;
    inputs.push({ name, path: place.slice(`${root}/${name}`.length) || "/", commit });
  }
  return inputs.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function readAddress(env: Environment): string | undefined {
  const host = env["PACHD_PEER_SERVICE_HOST"];
  if (!host) return undefined;
  return `${host.includes(":") ? `[${host}]` : host}:${env["PACHD_PEER_SERVICE_PORT"] || "30653"}`;
}
