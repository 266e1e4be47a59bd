import { type Direction, WALK_LIMITS } from "./branches.ts";
import type { CommitRow } from "./commits.ts";
import type { Database } from "../store/database.ts";

const COLUMNS = { provenance: ["commit_id", "upstream"], subvenance: ["upstream", "commit_id"] } satisfies Record<
  Direction,
  unknown
>;

/** All commits that one comes from, or that come from it, nearest first, without itself. */
export function commitLinks(db: Database, commitId: number, direction: Direction, limits = WALK_LIMITS): CommitRow[] {
  const [from, to] = COLUMNS[direction];
  return db.all(
    `WITH RECURSIVE walk (id, depth) AS (
       SELECT ${to}, 1 FROM commit_provenance WHERE ${from} = ?
       UNION SELECT p.${to}, depth + 1 FROM walk JOIN commit_provenance p ON p.${from} = walk.id WHERE depth < ?)
     SELECT c.* FROM (SELECT id, min(depth) AS depth FROM walk GROUP BY id) near JOIN commits c ON c.id = near.id
     ORDER BY near.depth, c.id LIMIT ?`,
    commitId,
    limits.depth,
    limits.count,
  );
}

/** The commits of a set, upstream first. Empty where there is no such set. */
export function commitsOfSet(db: Database, setId: string): CommitRow[] {
  return db.all("SELECT * FROM commits WHERE set_id = ? ORDER BY id", setId);
}

/** The same with the commits of other sets that they come from. */
export function commitsBehindSet(db: Database, setId: string): CommitRow[] {
  return db.all(`${BEHIND_SET} SELECT c.* FROM up JOIN commits c ON c.id = up.id ORDER BY c.id`, setId);
}

/** A set that made no commit in a repo still has one there: the older one that its commits come from. */
export function findBehindSet(db: Database, repoId: number, setId: string): CommitRow | undefined {
  return db.get(
    `${BEHIND_SET} SELECT c.* FROM up JOIN commits c ON c.id = up.id WHERE c.repo = ? ORDER BY c.id DESC`,
    setId,
    repoId,
  );
}

const BEHIND_SET = `WITH RECURSIVE up (id) AS (
  SELECT id FROM commits WHERE set_id = ? UNION SELECT p.upstream FROM up JOIN commit_provenance p ON p.commit_id = up.id)`;

/** The ids of the sets that have commits which come from commits of this set, or of one of those, and so on. */
export function subvenantSets(db: Database, setId: string): string[] {
  const found = new Set([setId]);
  for (const id of found) {
    const next = db.all<{ set_id: string }>(
      `SELECT DISTINCT d.set_id FROM commits c JOIN commit_provenance p ON p.upstream = c.id JOIN commits d ON d.id = p.commit_id
       WHERE c.set_id = ? ORDER BY d.id`,
      id,
    );
    for (const { set_id } of next) found.add(set_id);
  }
  found.delete(setId);
  return [...found];
}
