import type { JobIdentity } from "../../lineage/urn.ts";
import type { CommitInfo, CommitName } from "../../pachyderm/types.ts";

/** The data that a commit was made from: without specifications and records of datums, which are no data. */
export function dataProvenance({ directProvenance }: CommitInfo): readonly CommitName[] {
  return directProvenance.filter(({ repo }) => repo.type === "user");
}

/** The job that made a commit, or had made it: it has the commit's id, and its pipeline the repo's name and a specification. */
export function jobOfCommit({ commit: { repo, id }, origin, directProvenance }: CommitInfo): JobIdentity | undefined {
  const isMade = directProvenance.some(
    ({ repo: from }) => from.type === "spec" && from.name === repo.name && from.project === repo.project,
  );
  if (!isMade || origin === "USER" || repo.type !== "user") return undefined;
  return { kind: "job", project: repo.project, pipeline: repo.name, id };
}
