import { VALUE_LIMITS } from "../../mlflow/batches.ts";
import type { WorkerJob } from "./environment.ts";
import type { GitState } from "./code/git.ts";
import type { ResolvedInput, ResolvedJob } from "./inputs.ts";

/** Tags that say where a run comes from: only the tracker sets them. */
const RESERVED = ["pachyderm.", "stemma."];

export function isReservedTag(key: string): boolean {
  return RESERVED.some((prefix) => key.startsWith(prefix));
}

export interface TagSources {
  readonly command: readonly string[];
  readonly user: string;
  readonly git: GitState | undefined;
  readonly job: WorkerJob | undefined;
  readonly resolved: ResolvedJob | undefined;
}

/** What a run says of its origin, in MLflow's own tags and in ours. */
export function originTags({ command, user, git, job, resolved }: TagSources): Record<string, string> {
  return {
    "mlflow.user": user,
    "mlflow.source.name": command.join(" "),
    "mlflow.source.type": job === undefined ? "LOCAL" : "JOB",
    ...(git === undefined ? {} : { "mlflow.source.git.commit": git.commit }),
    ...(git?.branch === undefined ? {} : { "mlflow.source.git.branch": git.branch }),
    ...(git?.remote === undefined ? {} : { "mlflow.source.git.repoURL": git.remote }),
    ...(git === undefined ? {} : { "stemma.git_dirty": String(git.dirty) }),
    ...(job === undefined ? {} : jobTags(job, resolved)),
  };
}

function jobTags(job: WorkerJob, resolved: ResolvedJob | undefined): Record<string, string> {
  return {
    "pachyderm.project": job.project,
    "pachyderm.pipeline": job.pipeline,
    ...(resolved?.pipelineVersion === undefined ? {} : { "pachyderm.pipeline_version": String(resolved.pipelineVersion) }),
    ...(resolved?.image === undefined ? {} : { "pachyderm.image": resolved.image }),
    "pachyderm.job": job.job,
    "pachyderm.repo": job.pipeline,
    "pachyderm.commit": job.outputCommit,
    "pachyderm.datum": job.datum,
    "pachyderm.inputs": inputsTag(resolved?.inputs ?? []),
  };
}

/** As many inputs as MLflow keeps of a tag, so that it stays JSON. The run's data sets and its card have them all. */
function inputsTag(inputs: readonly ResolvedInput[]): string {
  const texts = inputs.map(({ name, project, repo, branch, commit, path }) =>
    JSON.stringify({ name, project, repo, branch, commit, path }),
  );
  while (texts.join().length + 2 > VALUE_LIMITS.tags) texts.pop();
  return `[${texts.join()}]`;
}

/**
 * What two attempts at the same work have in common. It is looked up through MLflow's search, which cannot escape
 * quotes: whatever is unusual in a name is percent-encoded.
 */
export function attemptKey(job: WorkerJob, runName: string): string {
  const name = runName.toWellFormed().replaceAll(/[^\w .@:/+=,-]/gu, encodeURIComponent);
  return `${job.project}/${job.pipeline}@${job.job}/${job.datum}/${name}`;
}
