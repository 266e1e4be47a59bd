import { randomUUID } from "node:crypto";
import type { Database } from "./store/database.ts";

/** One change of the engine's state: a scope in which all happens or nothing, and all new commits share one id. */
export interface Transaction {
  readonly db: Database;
  /** The commit set's id, and the id of each job that the set brings. */
  readonly setId: string;
  readonly now: number;
  /** Branches whose head moved: what is downstream of them gets a commit at the end of the transaction. */
  readonly movedBranches: Set<number>;
  /** Commits that finished without an error, in that order: they may fire triggers. */
  readonly finishedCommits: number[];
}

export function newTransaction(db: Database, setId = newId()): Transaction {
  return { db, setId, now: Date.now(), movedBranches: new Set(), finishedCommits: [] };
}

/** A UUID of version 4 without dashes: 32 hexadecimal digits. */
export function newId(): string {
  return randomUUID().replaceAll("-", "");
}
