import type { CommitInfo } from "../../pachyderm/generated/pfs_v2/CommitInfo.ts";
import type { SubscribeCommitRequest__Output as SubscribeCommitRequest } from "../../pachyderm/generated/pfs_v2/SubscribeCommitRequest.ts";
import type { CommitRow } from "../pfs/commits.ts";
import type { Database } from "../store/database.ts";
import { refused, within } from "../fault.ts";
import { repoText } from "../pfs/names.ts";
import { requireRepo } from "../pfs/repos.ts";
import { resolveCommit } from "../pfs/resolve-commit.ts";
import type { EngineState } from "../state.ts";
import { toCommitInfo } from "./commit-info.ts";
import { waitForCommit } from "./inspect-commit.ts";
import { hasOrigin } from "./list-commits.ts";
import { toCommitKey, toRepoKey } from "./wire.ts";

const PAGE = 100;

/**
 * First the commits that are there, oldest first, then each new one. Each comes once, when it has reached the state, and after
 * those that were made before it. Never ends by itself.
 */
export async function* subscribeCommits(
  state: EngineState,
  request: SubscribeCommitRequest,
  signal: AbortSignal,
): AsyncIterableIterator<CommitInfo> {
  const { db } = state;
  const key = toRepoKey(request.repo);
  const repo = within("get repo ID", () => requireRepo(db, key));
  const isWanted = hasOrigin(request);
  for (let last = firstAfter(db, request); ;) {
    const page = await state.until(() => commitsAfter(db, repo.id, last), signal);
    for (const commit of page.filter(isWanted)) {
      if (request.branch && commit.branch !== request.branch) continue;
      yield toCommitInfo(state, await waitForCommit(state, commit, request.state, signal));
    }
    last = page.at(-1)?.id ?? last;
  }
}

function firstAfter(db: Database, { from, repo }: SubscribeCommitRequest): number {
  if (from === undefined) return 0;
  const [key, own] = [toCommitKey(from), toRepoKey(repo)];
  if (repoText(key.repo) !== repoText(own)) throw refused(`the \`from\` commit needs to be from repo ${repoText(own)}`);
  return resolveCommit(db, key).id;
}

function commitsAfter(db: Database, repoId: number, last: number): CommitRow[] | undefined {
  const page = db.all<CommitRow>("SELECT * FROM commits WHERE repo = ? AND id > ? ORDER BY id LIMIT ?", repoId, last, PAGE);
  return page.length === 0 ? undefined : page;
}
