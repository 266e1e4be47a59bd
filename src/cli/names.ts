import { StemmaError } from "../lineage/errors.ts";
import type { DataReference } from "../lineage/reference.ts";
import type { CommitQuery, PipelineName, RepoName } from "../pachyderm/types.ts";

/** Parses `name` or `project/name`, of a repo or a pipeline. Throws USAGE. */
export function parseName(text: string): PipelineName {
  const [, project = "default", name] = /^(?:([\w-]+)\/)?([\w-]+)$/.exec(text) ?? [];
  if (name === undefined) throw new StemmaError("USAGE", `"${text}" is no name.`, { hint: "Write NAME or PROJECT/NAME." });
  return { project, name };
}

/** The inverse of `parseName`. */
export function formatName({ project, name }: PipelineName): string {
  return project === "default" ? name : `${project}/${name}`;
}

/** The repo that holds a user's or a pipeline's data. */
export function dataRepo({ project, name }: PipelineName): RepoName {
  return { project, name, type: "user" };
}

/** What a reference to data asks a server for. */
export function toCommitQuery({ project, repo, type, at }: DataReference): CommitQuery {
  return { repo: { project, name: repo, type }, at };
}
