import type { APIHandlers } from "../../pachyderm/generated/pfs_v2/API.ts";
import type { FindCommitsRequest__Output as FindCommitsRequest } from "../../pachyderm/generated/pfs_v2/FindCommitsRequest.ts";
import type { FindCommitsResponse } from "../../pachyderm/generated/pfs_v2/FindCommitsResponse.ts";
import { commitById, provenanceOf, sealCommit } from "../pfs/commits.ts";
import { refused, within } from "../fault.ts";
import { findCommits } from "../pfs/find-commits.ts";
import { finishWhenParentHas } from "../pfs/finish.ts";
import { forgetCommit } from "../pfs/remove-commits.ts";
import { isOfPipeline, repoById } from "../pfs/repos.ts";
import { resolveCommit } from "../pfs/resolve-commit.ts";
import { startCommit } from "../pfs/start-commit.ts";
import type { EngineState } from "../state.ts";
import { toCommitInfo } from "./commit-info.ts";
import { waitForCommit } from "./inspect-commit.ts";
import { listCommits } from "./list-commits.ts";
import { EMPTY, type Parts } from "./parts.ts";
import { pickCommit } from "./pickers.ts";
import { subscribeCommits } from "./subscribe-commits.ts";
import { fromCommit, toBranchKey, toCommitKey } from "./wire.ts";

/** Commits, one by one. */
export function commitHandlers({ state, rpc, changes }: Parts): Partial<APIHandlers> {
  const { db } = state;
  return {
    StartCommit: changes.handler("start_commit", (tx, { branch, parent, description }) =>
      within("start commit in transaction", () => {
        if (!branch?.name) throw refused("branch must be specified");
        const { repo, name } = toBranchKey(branch);
        const from = parent && within("create commit: parent commit not found", () => resolveCommit(tx.db, toCommitKey(parent)));
        return fromCommit(tx.db, startCommit(tx, repo, name, description ?? "", from));
      }),
    ),
    FinishCommit: changes.handler("finish_commit", (tx, { commit: named, description, error, force }) => {
      const key = within("check new file commit", () => toCommitKey(named));
      const commit = within("finish commit in transaction", () => resolveCommit(tx.db, key));
      if (
        !force &&
        commit.finishing === null &&
        provenanceOf(tx.db, commit).length > 0 &&
        isOfPipeline(tx.db, repoById(tx.db, commit.repo))
      )
        throw refused("cannot finish a pipeline output or meta commit, use 'stop job' instead");
      sealCommit(tx, commit, description, error);
      finishWhenParentHas(tx, state.nodes, commitById(tx.db, commit.id));
      return EMPTY;
    }),
    ClearCommit: rpc.unary(({ commit: named }) => {
      state.write((tx) => {
        const commit = resolveCommit(tx.db, toCommitKey(named));
        if (commit.finishing !== null) throw refused("cannot clear finished commit");
        tx.db.run("UPDATE commits SET root = base WHERE id = ?", commit.id);
        tx.db.run("DELETE FROM rewrites WHERE commit_id = ?", commit.id);
      });
      return EMPTY;
    }),
    ForgetCommit: rpc.unary(({ commit }) => {
      state.write((tx) =>
        within("Forget Commit", () =>
          forgetCommit(
            tx,
            within("pick commits", () => pickCommit(tx.db, commit)),
          ),
        ),
      );
      return EMPTY;
    }),
    InspectCommit: rpc.unary(async ({ commit, wait }, { signal }) =>
      toCommitInfo(state, await waitForCommit(state, resolveCommit(db, toCommitKey(commit)), wait, signal)),
    ),
    ListCommit: rpc.stream((request) => listCommits(state, request)),
    SubscribeCommit: rpc.stream((request, { signal }) => subscribeCommits(state, request, signal)),
    FindCommits: rpc.stream((request) => find(state, request)),
  };
}

async function* find(state: EngineState, request: FindCommitsRequest): AsyncIterableIterator<FindCommitsResponse> {
  const start = resolveCommit(state.db, toCommitKey(request.start));
  for await (const { found, commit, searched } of findCommits(state, start, request.file_path ?? "", request.limit ?? 0)) {
    const name = fromCommit(state.db, commit);
    yield { commits_searched: searched, ...(found ? { found_commit: name } : { last_searched_commit: name }) };
  }
}
