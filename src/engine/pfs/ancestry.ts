import { type CommitRow, commitById } from "./commits.ts";
import type { Database } from "../store/database.ts";
import { refused } from "../fault.ts";
import { typedRepoText } from "./names.ts";
import { repoById } from "./repos.ts";

/** The commit so many generations before another. Throws UNKNOWN where there are not so many. */
export function ancestorOf(db: Database, commit: CommitRow, generations: number): CommitRow {
  const { id, gone } = goBack(db, commit, generations);
  if (gone === generations) return commitById(db, id);
  throw refused(
    `picking commit: invalid offset for ancestor of commit: ${typedCommitText(db, commit)}, ` +
      `offset requested: ${generations}, offset traversable: ${gone}`,
  );
}

/**
 * The commit so many after the first one of the chain that ends with `head`; one past the head answers the head, as in pachd.
 * Throws UNKNOWN further on. Walks the whole chain.
 */
export function descendantOfRoot(db: Database, head: CommitRow, offset: number): CommitRow {
  const length = goBack(db, head, Number.MAX_SAFE_INTEGER).gone + 1;
  if (length < offset) {
    throw refused(
      `picking commit: invalid offset from branch root for head commit: ${typedCommitText(db, head)}, ` +
        `offset: ${offset}, maximum depth: ${length}`,
    );
  }
  return ancestorOf(db, head, Math.max(0, length - 1 - offset));
}

function goBack(db: Database, commit: CommitRow, most: number): { id: number; gone: number } {
  const reached = db.get<{ id: number; gone: number }>(
    `WITH RECURSIVE back (id, gone) AS (
       SELECT ?, 0 UNION ALL SELECT c.parent, gone + 1 FROM back JOIN commits c ON c.id = back.id
       WHERE c.parent IS NOT NULL AND gone < ?)
     SELECT id, gone FROM back ORDER BY gone DESC LIMIT 1`,
    commit.id,
    most,
  );
  return reached ?? { id: commit.id, gone: 0 };
}

/** A page of a chain: this commit and those before it, newest first. */
export function chainFrom(db: Database, commitId: number, most: number): CommitRow[] {
  return db.all(
    `WITH RECURSIVE back (id, gone) AS (
       SELECT ?, 1 UNION ALL SELECT c.parent, gone + 1 FROM back JOIN commits c ON c.id = back.id
       WHERE c.parent IS NOT NULL AND gone < ?)
     SELECT c.* FROM back JOIN commits c ON c.id = back.id ORDER BY gone`,
    commitId,
    most,
  );
}

function typedCommitText(db: Database, commit: CommitRow): string {
  return `${typedRepoText(repoById(db, commit.repo))}@${commit.set_id}`;
}
