import type { CommitName, JobName } from "../../pachyderm/types.ts";

/** A commit as a reference that people can paste: `train@0f…`. */
export function formatCommit({ repo, id }: CommitName): string {
  return `${repo.project === "default" ? "" : `${repo.project}/`}${repo.name}@${id}`;
}

/** A job as a reference. */
export function formatJob({ pipeline: { project, name }, id }: JobName): string {
  return formatCommit({ repo: { project, name, type: "user" }, id });
}
