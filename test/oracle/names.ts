import { createHash } from "node:crypto";
import type { CommitName, JobName, PipelineName, RepoName } from "../../src/pachyderm/types.ts";

/** Hexadecimal digits that depend on a text alone, so that the same history has the same ids each time. */
export function digestOf(text: string, digits = 32): string {
  return createHash("sha256").update(text).digest("hex").slice(0, digits);
}

export function repoName(project: string, name: string, type: RepoName["type"] = "user"): RepoName {
  return { project, name, type };
}

export function repoKey({ project, name, type }: RepoName): string {
  return `${project}/${name}.${type}`;
}

export function commitKey({ repo, id }: CommitName): string {
  return `${repoKey(repo)}@${id}`;
}

export function pipelineKey({ project, name }: PipelineName): string {
  return `${project}/${name}`;
}

export function jobKey({ pipeline, id }: JobName): string {
  return `${pipelineKey(pipeline)}@${id}`;
}

/** The same commit, or the same repo. */
export function isSame<Name extends RepoName | CommitName>(one: Name, other: Name): boolean {
  return keyOf(one) === keyOf(other);
}

function keyOf(name: RepoName | CommitName): string {
  return "id" in name ? commitKey(name) : repoKey(name);
}
