import type { APIHandlers } from "../../pachyderm/generated/pfs_v2/API.ts";
import { refused } from "../fault.ts";
import { removeCommit, removeCommitSet } from "../pfs/remove-commits.ts";
import { resolveCommit } from "../pfs/resolve-commit.ts";
import { inspectCommitSet, listCommitSets } from "./commit-sets.ts";
import { EMPTY, type Parts } from "./parts.ts";
import { toCommitKey } from "./wire.ts";

/** Commit sets: all commits that one change made. And the removal of commits, which mostly is that of sets. */
export function commitSetHandlers({ state, rpc, changes }: Parts): Partial<APIHandlers> {
  return {
    InspectCommitSet: rpc.stream(({ commit_set, wait }, { signal }) =>
      inspectCommitSet(state, idOf(commit_set), wait ?? false, signal),
    ),
    ListCommitSet: rpc.stream(({ project }) => listCommitSets(state, project?.name ?? "")),
    SquashCommitSet: changes.handler("squash_commit_set", (tx, { commit_set }) => {
      removeCommitSet(tx, "squash", idOf(commit_set));
      return EMPTY;
    }),
    DropCommitSet: rpc.unary(({ commit_set }) => {
      state.write((tx) => removeCommitSet(tx, "drop", idOf(commit_set)));
      return EMPTY;
    }),
    SquashCommit: rpc.unary(({ commit, recursive }) => {
      state.write((tx) => removeCommit(tx, "squash", resolveCommit(tx.db, toCommitKey(commit)), recursive ?? false));
      return EMPTY;
    }),
    DropCommit: rpc.unary(({ commit, recursive }) => {
      state.write((tx) => removeCommit(tx, "drop", resolveCommit(tx.db, toCommitKey(commit)), recursive ?? false));
      return EMPTY;
    }),
  };
}

function idOf(set: { readonly id?: string } | undefined): string {
  if (set === undefined) throw refused("commitset cannot be nil");
  return set.id ?? "";
}
