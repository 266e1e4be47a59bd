import type { APIHandlers } from "../../pachyderm/generated/pfs_v2/API.ts";
import type { Parts } from "./parts.ts";
import { branchHandlers } from "./pfs-branches.ts";
import { commitSetHandlers } from "./pfs-commit-sets.ts";
import { commitHandlers } from "./pfs-commits.ts";
import { fileSetHandlers } from "./pfs-file-sets.ts";
import { fileHandlers } from "./pfs-files.ts";
import { projectHandlers } from "./pfs-projects.ts";
import { provenanceHandlers } from "./pfs-provenance.ts";
import { repoHandlers } from "./pfs-repos.ts";
import { storeHandlers } from "./pfs-store.ts";

/** pfs_v2.API: projects, repos, branches, commits and files. */
export function pfsHandlers(parts: Parts): Partial<APIHandlers> {
  return {
    ...projectHandlers(parts),
    ...repoHandlers(parts),
    ...branchHandlers(parts),
    ...commitHandlers(parts),
    ...commitSetHandlers(parts),
    ...provenanceHandlers(parts),
    ...fileHandlers(parts),
    ...fileSetHandlers(parts),
    ...storeHandlers(parts),
  };
}
