import type { CommitInfo } from "../../pachyderm/generated/pfs_v2/CommitInfo.ts";
import type { ListCommitRequest__Output as ListCommitRequest } from "../../pachyderm/generated/pfs_v2/ListCommitRequest.ts";
import type { OriginKind } from "../../pachyderm/generated/pfs_v2/OriginKind.ts";
import { chainFrom } from "../pfs/ancestry.ts";
import type { CommitRow } from "../pfs/commits.ts";
import type { Database } from "../store/database.ts";
import { refused, within } from "../fault.ts";
import { type RepoKey, repoText } from "../pfs/names.ts";
import { inspectRepo } from "../pfs/repos.ts";
import { type CommitKey, resolveCommit } from "../pfs/resolve-commit.ts";
import type { EngineState } from "../state.ts";
import { toListedCommitInfos } from "./commit-info.ts";
import { fromTimestamp, toCommitKey, toRepoKey } from "./wire.ts";

const PAGE = 100;

/** All of a repo (an empty name: of all), newest first; or, with `to`, backwards from there along the parents until `from`. */
export function* listCommits(state: EngineState, request: ListCommitRequest): IterableIterator<CommitInfo> {
  const { repoId, from, to } = check(state.db, request);
  const number = Number(request.number ?? 0);
  let left = number > 0 ? number : Number.POSITIVE_INFINITY;
  const size = Math.min(PAGE, left);
  const pages = to === undefined ? byTime(state.db, repoId, request, size) : byParent(state.db, to, from, size);
  for (const page of pages) {
    const wanted = page.filter(hasOrigin(request)).slice(0, left);
    yield* toListedCommitInfos(state, wanted);
    left -= wanted.length;
    if (left <= 0) return;
  }
}

interface Range {
  /** 0: all repos. */
  readonly repoId: number;
  /** Compared as it is given, as in pachd: a branch name never matches. */
  readonly from: string | undefined;
  readonly to: CommitRow | undefined;
}

function check(db: Database, request: ListCommitRequest): Range {
  const repo = toRepoKey(request.repo);
  const [from, to] = [request.from, request.to].map((commit) => commit && toCommitKey(commit));
  if (![from, to].every((key) => key === undefined || isIn(repo, key)))
    throw refused(`\`from\` and \`to\` commits need to be from repo ${repoText(repo)}`);
  const repoId = repo.name === "" ? 0 : within("ensure repo exists", () => inspectRepo(db, repo)).id;
  if (from !== undefined) resolveCommit(db, from);
  const end = to && resolveCommit(db, to);
  if (from !== undefined && end === undefined) throw refused("cannot use `from` commit without `to` commit");
  if (end !== undefined && request.reverse) throw refused("cannot use 'Reverse' while also using 'From' or 'To'");
  return { repoId, from: from?.id, to: end };
}

function isIn(repo: RepoKey, { repo: other }: CommitKey): boolean {
  return repo.project === other.project && repo.name === other.name && repo.type === other.type;
}

function* byTime(
  db: Database,
  repoId: number,
  { reverse, started_time }: ListCommitRequest,
  size: number,
): IterableIterator<CommitRow[]> {
  const limit = started_time && fromTimestamp(started_time);
  const sql = `SELECT * FROM commits WHERE ${repoId === 0 ? "? = 0" : "repo = ?"} AND id ${reverse ? ">" : "<"} ?
    AND (?3 IS NULL OR started ${reverse ? ">" : "<"} ?3) ORDER BY id ${reverse ? "ASC" : "DESC"} LIMIT ?4`;
  for (let last = reverse ? 0 : Number.MAX_SAFE_INTEGER; ;) {
    const page = db.all<CommitRow>(sql, repoId, last, limit ?? null, size);
    yield page;
    last = page.at(-1)?.id ?? 0;
    if (page.length < size) return;
  }
}

function* byParent(db: Database, to: CommitRow, from: string | undefined, size: number): IterableIterator<CommitRow[]> {
  for (let next: number | null = to.id; next !== null;) {
    const page: CommitRow[] = chainFrom(db, next, size);
    const end = page.findIndex(({ set_id }) => set_id === from);
    yield end < 0 ? page : page.slice(0, end);
    next = end < 0 ? (page.at(-1)?.parent ?? null) : null;
  }
}

/** What a filter by origin lets through: everything if it is for all, or for none. */
export function hasOrigin(request: {
  readonly all?: boolean;
  readonly origin_kind?: keyof typeof OriginKind;
}): (commit: CommitRow) => boolean {
  const kind = request.origin_kind ?? "ORIGIN_KIND_UNKNOWN";
  return ({ origin }) => request.all === true || kind === "ORIGIN_KIND_UNKNOWN" || kind === origin;
}
