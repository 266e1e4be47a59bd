import type { CommitInfo } from "../../pachyderm/generated/pfs_v2/CommitInfo.ts";
import type { CommitSetInfo } from "../../pachyderm/generated/pfs_v2/CommitSetInfo.ts";
import { commitsBehindSet } from "../pfs/commit-graph.ts";
import { notFound } from "../fault.ts";
import type { EngineState } from "../state.ts";
import { toCommitInfo, toCommitInfos } from "./commit-info.ts";
import { waitForCommit } from "./inspect-commit.ts";

/**
 * All commits of a set, and those of other sets that they come from, upstream first. With `wait` those that are finished, and
 * then each other one when it is.
 */
export async function* inspectCommitSet(
  state: EngineState,
  id: string,
  wait: boolean,
  signal: AbortSignal,
): AsyncIterableIterator<CommitInfo> {
  const commits = commitsBehindSet(state.db, id);
  if (commits.length === 0) throw notFound(`no commits found for commitset ${id}`);
  const now = wait ? commits.filter(({ finished }) => finished !== null) : commits;
  yield* toCommitInfos(state, now);
  for (const commit of commits) {
    if (!now.includes(commit)) yield toCommitInfo(state, await waitForCommit(state, commit, "FINISHED", signal));
  }
}

/** The sets that have commits in a project (empty: in any), each as `inspectCommitSet` shows it; newest first. */
export function* listCommitSets(state: EngineState, project: string): IterableIterator<CommitSetInfo> {
  let last: number | null = Number.MAX_SAFE_INTEGER;
  while (last !== null) {
    const next: { id: number; set_id: string } | undefined = state.db.get(NEXT_SET, last, project, project);
    if (next !== undefined)
      yield { commit_set: { id: next.set_id }, commits: toCommitInfos(state, commitsBehindSet(state.db, next.set_id)) };
    last = next?.id ?? null;
  }
}

/** The newest commit before another that is the newest of its set among those in the project. */
const NEXT_SET = `
  SELECT c.id, c.set_id FROM commits c JOIN repos r ON r.id = c.repo
  WHERE c.id < ?1 AND ?2 IN ('', r.project) AND NOT EXISTS (
    SELECT 1 FROM commits o JOIN repos s ON s.id = o.repo
    WHERE o.set_id = c.set_id AND o.id > c.id AND ?3 IN ('', s.project))
  ORDER BY c.id DESC LIMIT 1`;
