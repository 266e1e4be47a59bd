import type { Commit } from "../../pachyderm/generated/pfs_v2/Commit.ts";
import type { CommitInfo } from "../../pachyderm/generated/pfs_v2/CommitInfo.ts";
import type { Repo } from "../../pachyderm/generated/pfs_v2/Repo.ts";
import type { CommitRow } from "../pfs/commits.ts";
import type { Database } from "../store/database.ts";
import { metadataOf } from "../pfs/metadata.ts";
import { repoById } from "../pfs/repos.ts";
import type { EngineState } from "../state.ts";
import { measure } from "../tree/tree.ts";
import { fromRepo, optionalTimestamp, toTimestamp, withBranch } from "./wire.ts";

type Relation = "parent" | "child" | "provenance" | "subvenance";

interface Relative {
  /** The commit whose relative it is. */
  readonly of: number;
  readonly relation: Relation;
  readonly repo: number;
  readonly set_id: string;
  readonly branch: string;
  readonly finished: number | null;
}

/** One question for all commits of a page, and not some for each. */
const RELATIVES = `
  WITH wanted (id) AS (SELECT value FROM json_each(?1))
  SELECT c.id AS "of", 'parent' AS relation, r.id, r.repo, r.set_id, r.branch, r.finished
    FROM wanted w JOIN commits c ON c.id = w.id JOIN commits r ON r.id = c.parent
  UNION ALL SELECT w.id, 'child', r.id, r.repo, r.set_id, r.branch, r.finished FROM wanted w JOIN commits r ON r.parent = w.id
  UNION ALL SELECT w.id, 'provenance', r.id, r.repo, r.set_id, r.branch, r.finished
    FROM wanted w JOIN commit_provenance p ON p.commit_id = w.id JOIN commits r ON r.id = p.upstream
  UNION ALL SELECT w.id, 'subvenance', r.id, r.repo, r.set_id, r.branch, r.finished
    FROM wanted w JOIN commit_provenance p ON p.upstream = w.id JOIN commits r ON r.id = p.commit_id
  ORDER BY 3`;

const NO_TIME = { seconds: "0", nanos: 0 };

export function toCommitInfo(state: EngineState, commit: CommitRow): CommitInfo {
  const [info] = toCommitInfos(state, [commit]);
  if (info === undefined) throw new Error(`no info of commit ${commit.set_id}`);
  return info;
}

/** All at once, since what a commit shows of others is asked for together. Give pages, not all that there are. */
export function toCommitInfos(state: EngineState, commits: readonly CommitRow[]): CommitInfo[] {
  const repos = new Repos(state.db);
  const relatives = relativesOf(state.db, commits);
  return commits.map((commit) => toInfo(repos, commit, relatives.get(commit.id) ?? []));
}

/** The same with what only lists of commits show: how large a commit is at most, while it is not known how large it is. */
export function toListedCommitInfos(state: EngineState, commits: readonly CommitRow[]): CommitInfo[] {
  const repos = new Repos(state.db);
  const relatives = relativesOf(state.db, commits);
  return commits.map((commit) => {
    const own = relatives.get(commit.id) ?? [];
    return { ...toInfo(repos, commit, own), size_bytes_upper_bound: String(upperBound(state, commit, own)) };
  });
}

function relativesOf(db: Database, commits: readonly CommitRow[]): Map<number, Relative[]> {
  const ids = JSON.stringify(commits.map(({ id }) => id));
  return Map.groupBy(db.all<Relative>(RELATIVES, ids), (relative) => relative.of);
}

/** 0 while the commit before is unfinished, which may yet add anything. */
function upperBound(state: EngineState, { size, root, finished }: CommitRow, relatives: readonly Relative[]): number {
  const isUponUnfinished = relatives.some((relative) => relative.relation === "parent" && relative.finished === null);
  return size ?? (finished === null && isUponUnfinished ? 0 : measure(state.nodes, root).bytes);
}

function toInfo(repos: Repos, commit: CommitRow, relatives: readonly Relative[]): CommitInfo {
  const related = (relation: Relation): Commit[] =>
    relatives
      .filter((relative) => relative.relation === relation)
      .map((relative) => withBranch(repos.get(relative.repo), relative.set_id, relative.branch));
  const parent = relatives.find((relative) => relative.relation === "parent");
  return {
    commit: { repo: repos.get(commit.repo), id: commit.set_id },
    origin: { kind: commit.origin },
    description: commit.description,
    parent_commit: parent === undefined ? null : { repo: repos.get(parent.repo), id: parent.set_id },
    child_commits: related("child"),
    started: toTimestamp(commit.started),
    finishing: optionalTimestamp(commit.finishing),
    finished: optionalTimestamp(commit.finished),
    direct_provenance: related("provenance"),
    direct_subvenance: related("subvenance"),
    error: commit.error,
    details: commit.size === null ? {} : { size_bytes: String(commit.size), compacting_time: NO_TIME, validating_time: NO_TIME },
    created_at: toTimestamp(commit.started),
    updated_at: toTimestamp(commit.finished ?? commit.finishing ?? commit.started),
    metadata: metadataOf(commit),
  };
}

class Repos {
  readonly #db: Database;
  readonly #known = new Map<number, Repo>();

  constructor(db: Database) {
    this.#db = db;
  }

  get(id: number): Repo {
    const known = this.#known.get(id) ?? fromRepo(repoById(this.#db, id));
    this.#known.set(id, known);
    return known;
  }
}
