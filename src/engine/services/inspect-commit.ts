import type { CommitState } from "../../pachyderm/generated/pfs_v2/CommitState.ts";
import { type CommitRow, commitText } from "../pfs/commits.ts";
import type { Database } from "../store/database.ts";
import { refused } from "../fault.ts";
import { isReady } from "../pfs/finish.ts";
import type { EngineState } from "../state.ts";

export type Wait = keyof typeof CommitState | undefined;

/** The commit when it has come as far as asked for: READY when its input is finished, FINISHED when it is itself. */
export async function waitForCommit(state: EngineState, commit: CommitRow, wait: Wait, signal: AbortSignal): Promise<CommitRow> {
  const { db } = state;
  const find = (): CommitRow | undefined => db.get<CommitRow>("SELECT * FROM commits WHERE id = ?", commit.id);
  const now = find();
  if (now !== undefined && hasReached(db, now, wait)) return now;
  const text = now === undefined ? commit.set_id : commitText(db, now);
  return state.until(() => {
    const row = find();
    if (row === undefined) throw refused(`inspect finishing or finished commit: commit ${text} was deleted`);
    return hasReached(db, row, wait) ? row : undefined;
  }, signal);
}

function hasReached(db: Database, commit: CommitRow, wait: Wait): boolean {
  switch (wait) {
    case "READY":
      return commit.finished !== null || isReady(db, commit);
    case "FINISHING":
      return commit.finishing !== null;
    case "FINISHED":
      return commit.finished !== null;
    default:
      return true;
  }
}
