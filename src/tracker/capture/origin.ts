import { basename } from "node:path";
import { type WorkerJob, readWorkerJob } from "./environment.ts";
import { type GitState, readGit } from "./code/git.ts";
import { type ResolvedJob, resolveInputs } from "./inputs.ts";
import type { Environment, TrackPorts } from "../ports.ts";
import type { Redactor } from "./secrets/redact.ts";
import { attemptKey, originTags } from "./tags.ts";

/** Where a run comes from, as far as it can be known before the command starts. */
export interface Origin {
  readonly runName: string;
  /** The same for all attempts at the same work. */
  readonly key: string;
  readonly job: WorkerJob | undefined;
  readonly resolved: ResolvedJob | undefined;
  readonly git: GitState | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

export interface OriginOptions {
  readonly command: readonly string[];
  readonly name: string | undefined;
  readonly user: string;
  readonly cwd: string;
  readonly env: Environment;
}

export async function readOrigin(ports: TrackPorts, options: OriginOptions, redactor: Redactor): Promise<Origin> {
  const { name, user, cwd, env } = options;
  const command = redactor.argv(options.command);
  const job = readWorkerJob(env);
  const [git, resolved] = await Promise.all([readGit(cwd), job === undefined ? undefined : resolveInputs(ports, job)]);
  const runName = name ?? (job === undefined ? basename(command[0] ?? "") : `${job.pipeline}@${job.job.slice(0, 8)}`);
  const key = job === undefined ? ports.newKey() : attemptKey(job, runName);
  return { runName, key, job, resolved, git, tags: originTags({ command, user, git, job, resolved }) };
}
