import type { RepoInfo } from "../../pachyderm/generated/pfs_v2/RepoInfo.ts";
import { findBranch, listBranches } from "../pfs/branches.ts";
import { commitById } from "../pfs/commits.ts";
import type { Database } from "../store/database.ts";
import { metadataOf } from "../pfs/metadata.ts";
import type { RepoRow } from "../pfs/repos.ts";
import { fromRepo, toTimestamp } from "./wire.ts";

/** What InspectRepo shows. */
export function toRepoInfo(db: Database, repo: RepoRow): RepoInfo {
  return { ...toCommonInfo(db, repo), details: { size_bytes: String(repoSize(db, repo)) } };
}

/** What ListRepo shows. */
export function toListedRepoInfo(db: Database, repo: RepoRow): RepoInfo {
  return { ...toCommonInfo(db, repo), size_bytes_upper_bound: String(repoSize(db, repo)) };
}

function toCommonInfo(db: Database, repo: RepoRow): RepoInfo {
  const key = fromRepo(repo);
  return {
    repo: key,
    created: toTimestamp(repo.created),
    description: repo.description,
    branches: listBranches(db, repo.id)
      .toReversed()
      .map(({ name }) => ({ repo: key, name })),
    metadata: metadataOf(repo),
  };
}

/** In bytes: that of the head of master, which is not known while that is open. */
export function repoSize(db: Database, repo: RepoRow): number {
  const master = findBranch(db, repo.id, "master");
  return master === undefined ? 0 : (commitById(db, master.head).size ?? 0);
}
