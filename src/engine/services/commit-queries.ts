import type { CommitInfo } from "../../pachyderm/generated/pfs_v2/CommitInfo.ts";
import type { CommitSetInfo } from "../../pachyderm/generated/pfs_v2/CommitSetInfo.ts";
import type { CommitState } from "../../pachyderm/generated/pfs_v2/CommitState.ts";
import type { ListCommitRequest__Output as ListCommitRequest } from "../../pachyderm/generated/pfs_v2/ListCommitRequest.ts";
import type { SubscribeCommitRequest__Output as SubscribeCommitRequest } from "../../pachyderm/generated/pfs_v2/SubscribeCommitRequest.ts";
import { type CommitRow, commitById, commitsOfSet } from "../commits.ts";
import type { Database } from "../database.ts";
import { notFound, refused } from "../fault.ts";
import { isReady } from "../finish.ts";
import { isCommitId } from "../names.ts";
import { findPipeline } from "../pipelines.ts";
import { inspectRepo, repoById } from "../repos.ts";
import { type CommitKey, resolveCommit } from "../resolve-commit.ts";
import type { EngineState } from "../state.ts";
import { toCommitInfo, toCommitKey, toRepoKey } from "./wire.ts";

type Wait = keyof typeof CommitState | undefined;

/** Answers when the commit has come as far as asked for: READY when its input is finished, FINISHED when it is itself. */
export async function inspectCommit(state: EngineState, key: CommitKey, wait: Wait, signal: AbortSignal): Promise<CommitInfo> {
  const commit = resolveCommit(state.db, key);
  return toCommitInfo(state, await waitFor(state, commit, wait, signal));
}

function waitFor(state: EngineState, commit: CommitRow, wait: Wait, signal: AbortSignal): Promise<CommitRow> {
  return state.until(() => {
    const row = state.db.get<CommitRow>("SELECT * FROM commits WHERE id = ?", commit.id);
    if (row === undefined) throw refused(`commit ${commit.set_id} was deleted`);
    return hasReached(state.db, row, wait) ? row : undefined;
  }, signal);
}

function hasReached(db: Database, commit: CommitRow, wait: Wait): boolean {
  switch (wait) {
    case "READY":
      return isReady(db, commit);
    case "FINISHING":
      return commit.finishing !== null;
    case "FINISHED":
      return commit.finished !== null;
    default:
      return true;
  }
}

/** Newest first, or, with `to`, backwards from there along the parents until `from`. */
export function* listCommits(state: EngineState, request: ListCommitRequest): IterableIterator<CommitInfo> {
  let left = Number(request.number ?? 0) || Number.POSITIVE_INFINITY;
  const isWanted = ({ origin, started }: CommitRow): boolean =>
    (request.all || !request.origin_kind || request.origin_kind === "ORIGIN_KIND_UNKNOWN" || request.origin_kind === origin) &&
    isInTime(started, request);
  for (const commit of candidates(state.db, request)) {
    if (!isWanted(commit)) continue;
    if (left <= 0) return;
    left -= 1;
    yield toCommitInfo(state, commit);
  }
}

function isInTime(started: number, { started_time: time, reverse }: ListCommitRequest): boolean {
  if (time === undefined) return true;
  const limit = Number(time.seconds ?? 0) * 1000 + (time.nanos ?? 0) / 1e6;
  return reverse ? started > limit : started < limit;
}

function candidates(db: Database, request: ListCommitRequest): Iterable<CommitRow> {
  if (!request.repo?.name) return db.all<CommitRow>(`SELECT * FROM commits ORDER BY id ${request.reverse ? "ASC" : "DESC"}`);
  const repo = inspectRepo(db, toRepoKey(request.repo));
  if (request.to === undefined) {
    if (request.from !== undefined) throw refused("cannot use `from` commit without `to` commit");
    return db.all<CommitRow>(`SELECT * FROM commits WHERE repo = ? ORDER BY id ${request.reverse ? "ASC" : "DESC"}`, repo.id);
  }
  if (request.reverse) throw refused("cannot use `reverse` with `to`");
  return backwards(db, resolveCommit(db, toCommitKey(request.to)), request.from?.id);
}

function* backwards(db: Database, to: CommitRow, from: string | undefined): IterableIterator<CommitRow> {
  for (let at: CommitRow | undefined = to; at !== undefined && at.set_id !== from;) {
    yield at;
    at = at.parent === null ? undefined : commitById(db, at.parent);
  }
}

/** First the commits that are there, oldest first, then each new one, once it has reached the state. Never ends by itself. */
export async function* subscribeCommits(
  state: EngineState,
  request: SubscribeCommitRequest,
  signal: AbortSignal,
): AsyncIterableIterator<CommitInfo> {
  const repo = inspectRepo(state.db, toRepoKey(request.repo));
  let last = request.from === undefined ? 0 : resolveCommit(state.db, toCommitKey(request.from)).id;
  for (;;) {
    const commit = await state.until(() => {
      const rows = state.db.all<CommitRow>(
        "SELECT * FROM commits WHERE repo = ? AND id > ? AND ? IN ('', branch) ORDER BY id",
        repo.id,
        last,
        request.branch ?? "",
      );
      return rows.find(
        ({ origin }) =>
          request.all || !request.origin_kind || request.origin_kind === "ORIGIN_KIND_UNKNOWN" || request.origin_kind === origin,
      );
    }, signal);
    last = commit.id;
    yield toCommitInfo(state, await waitFor(state, commit, request.state, signal));
  }
}

/** All commits of a set, and those of other sets that they come from, upstream first; with `wait` each one when it is finished. */
export async function* inspectCommitSet(
  state: EngineState,
  id: string,
  wait: boolean,
  signal: AbortSignal,
): AsyncIterableIterator<CommitInfo> {
  const commits = isCommitId(id) ? commitsOfSet(state.db, id) : [];
  if (commits.length === 0) throw notFound(`no commits found for commitset ${id}`);
  for (const commit of commits) yield toCommitInfo(state, await waitFor(state, commit, wait ? "FINISHED" : undefined, signal));
}

/** Newest first. */
export function* listCommitSets(state: EngineState, project: string): IterableIterator<CommitSetInfo> {
  const sets = Map.groupBy(state.db.all<CommitRow>("SELECT * FROM commits ORDER BY id DESC"), ({ set_id }) => set_id);
  for (const [id, commits] of sets) {
    if (project !== "" && !commits.some((commit) => repoById(state.db, commit.repo).project === project)) continue;
    yield { commit_set: { id }, commits: commits.map((commit) => toCommitInfo(state, commit)) };
  }
}

/** Whether a commit is a pipeline's to finish: of its output or its meta repo. */
export function isOfPipeline(db: Database, commit: CommitRow): boolean {
  const repo = repoById(db, commit.repo);
  return repo.type !== "spec" && findPipeline(db, repo) !== undefined;
}
