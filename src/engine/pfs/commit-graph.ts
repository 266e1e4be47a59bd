import type { CommitRow } from "./commits.ts";
import { type Direction, type WalkLimits, linkedRows } from "./links.ts";
import type { Database } from "../store/database.ts";

/** All commits that one comes from, or that come from it, nearest first, without itself. */
export function commitLinks(db: Database, commitId: number, direction: Direction, limits?: WalkLimits): CommitRow[] {
  return linkedRows(db, "commits", commitId, direction, limits);
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
