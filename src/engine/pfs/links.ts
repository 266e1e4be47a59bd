import type { Database } from "../store/database.ts";

export type Direction = "provenance" | "subvenance";

/** How far a walk goes: steps from its start, and things found. Without them it finds all. */
export interface WalkLimits {
  readonly depth: number;
  readonly count: number;
}

const NO_LIMITS: WalkLimits = { depth: Number.MAX_SAFE_INTEGER, count: Number.MAX_SAFE_INTEGER };
/** Of the rows that say what comes from what: their table, and the column of what comes from the other. */
const LINKS = {
  branches: { table: "branch_provenance", column: "branch" },
  commits: { table: "commit_provenance", column: "commit_id" },
} as const;

/** All branches or commits that one comes from, or that come from it, nearest first, without itself. */
export function linkedRows<Row>(
  db: Database,
  what: keyof typeof LINKS,
  id: number,
  direction: Direction,
  { depth, count } = NO_LIMITS,
): Row[] {
  const { table, column } = LINKS[what];
  const [from, to] = direction === "provenance" ? [column, "upstream"] : ["upstream", column];
  return db.all(
    `WITH RECURSIVE walk (id, depth) AS (
       SELECT ${to}, 1 FROM ${table} WHERE ${from} = ?
       UNION SELECT p.${to}, depth + 1 FROM walk JOIN ${table} p ON p.${from} = walk.id WHERE depth < ?)
     SELECT r.* FROM (SELECT id, min(depth) AS depth FROM walk GROUP BY id) near JOIN ${what} r ON r.id = near.id
     ORDER BY near.depth, r.id LIMIT ?`,
    id,
    depth,
    count,
  );
}
