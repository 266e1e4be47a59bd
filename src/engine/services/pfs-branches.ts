import type { APIHandlers } from "../../pachyderm/generated/pfs_v2/API.ts";
import type { BranchInfo } from "../../pachyderm/generated/pfs_v2/BranchInfo.ts";
import type { BranchPicker__Output as BranchPicker } from "../../pachyderm/generated/pfs_v2/BranchPicker.ts";
import type { CreateBranchRequest__Output as CreateBranchRequest } from "../../pachyderm/generated/pfs_v2/CreateBranchRequest.ts";
import { branchLinks, inspectBranch, listAllBranches, listBranches } from "../pfs/branches.ts";
import type { Direction } from "../pfs/links.ts";
import type { CommitRow } from "../pfs/commits.ts";
import { createBranch } from "../pfs/create-branch.ts";
import type { Database } from "../store/database.ts";
import { deleteBranch } from "../pfs/delete-branch.ts";
import { refused, within } from "../fault.ts";
import { inspectRepo } from "../pfs/repos.ts";
import { commitKeyText, resolveCommit } from "../pfs/resolve-commit.ts";
import { toTrigger } from "../pfs/triggers.ts";
import { toBranchInfo } from "./branch-info.ts";
import { EMPTY, type Parts } from "./parts.ts";
import { pickBranch } from "./pickers.ts";
import { toWalkLimits } from "./walk-limits.ts";
import { toBranchKey, toCommitKey, toRepoKey } from "./wire.ts";

/** Branches. */
export function branchHandlers({ state, rpc, changes }: Parts): Partial<APIHandlers> {
  const { db } = state;
  return {
    CreateBranch: changes.handler("create_branch", (tx, request) => {
      const { branch, provenance = [], trigger, branch_propagation_specs: specs = [] } = request;
      const key = toBranchKey(branch);
      createBranch(tx, key, {
        head: headOf(tx.db, request),
        provenance: provenance.map(toBranchKey),
        silent: specs.filter(({ propagation_spec }) => propagation_spec?.never).map((spec) => toBranchKey(spec.branch)),
        trigger: trigger && toTrigger(trigger),
      });
      return EMPTY;
    }),
    InspectBranch: rpc.unary(({ branch }) => toBranchInfo(db, inspectBranch(db, toBranchKey(branch)))),
    ListBranch: rpc.stream(function* ({ repo, reverse }) {
      const rows = repo === undefined ? listAllBranches(db) : listBranches(db, inspectRepo(db, toRepoKey(repo)).id);
      for (const row of reverse ? rows.toReversed() : rows) yield toBranchInfo(db, row);
    }),
    DeleteBranch: changes.handler("delete_branch", (tx, { branch, force }) => {
      deleteBranch(tx, toBranchKey(branch), force ?? false);
      return EMPTY;
    }),
    WalkBranchProvenance: rpc.stream((request) => walk(db, "provenance", request)),
    WalkBranchSubvenance: rpc.stream((request) => walk(db, "subvenance", request)),
  };
}

function headOf(db: Database, { head, branch }: CreateBranchRequest): CommitRow | undefined {
  if (head === undefined) return undefined;
  const key = toCommitKey(head);
  if (key.repo.name !== branch?.repo?.name) throw refused("branch and head commit must belong to the same repo");
  return within(`unable to inspect ${commitKeyText(key)}`, () => resolveCommit(db, key));
}

interface WalkRequest {
  readonly start?: readonly BranchPicker[];
  readonly max_branches?: unknown;
  readonly max_depth?: unknown;
}

/** From each start, nearest first; what several of them lead to comes several times, as in pachd. */
function* walk(db: Database, direction: Direction, request: WalkRequest): IterableIterator<BranchInfo> {
  const limits = toWalkLimits(request.max_depth, request.max_branches);
  const starts = within(`walk branch ${direction}: pick branches`, () =>
    (request.start ?? []).map((picker) => pickBranch(db, picker)),
  );
  for (const start of starts) for (const row of branchLinks(db, start.id, direction, limits)) yield toBranchInfo(db, row);
}
