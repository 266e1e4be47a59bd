import type { BranchPicker__Output as BranchPicker } from "../../pachyderm/generated/pfs_v2/BranchPicker.ts";
import type { CommitPicker__Output as CommitPicker } from "../../pachyderm/generated/pfs_v2/CommitPicker.ts";
import type { ProjectPicker__Output as ProjectPicker } from "../../pachyderm/generated/pfs_v2/ProjectPicker.ts";
import type { RepoPicker__Output as RepoPicker } from "../../pachyderm/generated/pfs_v2/RepoPicker.ts";
import { ancestorOf, descendantOfRoot } from "../pfs/ancestry.ts";
import { type BranchRow, requireBranch } from "../pfs/branches.ts";
import { type CommitRow, commitById } from "../pfs/commits.ts";
import type { Database } from "../store/database.ts";
import { invalid, notFound, within } from "../fault.ts";
import { DEFAULT_PROJECT, type RepoKey, typedRepoText } from "../pfs/names.ts";
import { requireRepo } from "../pfs/repos.ts";

// Pickers name things by one of several ways. Each function throws NOT_FOUND where there is no such thing.

export function pickProject(picker: ProjectPicker | undefined): string {
  return picker?.name || DEFAULT_PROJECT;
}

export function pickRepo(picker: RepoPicker | undefined): RepoKey {
  const named = picker?.name;
  if (!named?.name) throw invalid("validate request: a repo picker with a name is required");
  return { project: pickProject(named.project), name: named.name, type: named.type || "user" };
}

export function pickBranch(db: Database, picker: BranchPicker | undefined): BranchRow {
  const { name, repo } = picker?.name ?? {};
  if (!name) throw invalid("validate request: a branch picker with a name is required");
  return within("picking branch", () => requireBranch(db, { repo: pickRepo(repo), name }));
}

/** By id, only a commit of that very repo is found: not, as elsewhere, the older one that a set came from. */
export function pickCommit(db: Database, picker: CommitPicker | undefined): CommitRow {
  const head = (branch: BranchPicker | undefined): CommitRow =>
    within("picking commit", () => commitById(db, pickBranch(db, branch).head));
  switch (picker?.picker) {
    case "branch_head":
      return head(picker.branch_head);
    case "id":
      return within("picking commit", () => commitWithId(db, pickRepo(picker.id?.repo), picker.id?.id ?? ""));
    case "ancestor": {
      const { start, offset = 0 } = picker.ancestor ?? {};
      return ancestorOf(
        db,
        within("picking commit", () => pickCommit(db, start)),
        offset,
      );
    }
    case "branch_root": {
      const { branch, offset = 0 } = picker.branch_root ?? {};
      return descendantOfRoot(
        db,
        within("picking commit", () => head(branch)),
        offset,
      );
    }
    default:
      throw invalid("validate request: a commit picker is required");
  }
}

function commitWithId(db: Database, key: RepoKey, id: string): CommitRow {
  const repo = requireRepo(db, key);
  const row = db.get<CommitRow>("SELECT * FROM commits WHERE repo = ? AND set_id = ?", repo.id, id);
  if (row === undefined)
    throw notFound(`get commit by commit key: commit (int_id=0, commit_id=${typedRepoText(key)}@${id}) not found`);
  return row;
}
