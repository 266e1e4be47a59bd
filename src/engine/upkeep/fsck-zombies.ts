import { type CommitRow, commitText } from "../pfs/commits.ts";
import { idsDealtWith } from "../pps/datum-runs.ts";
import type { JobRow } from "../pps/jobs.ts";
import type { EngineState } from "../state.ts";

/** The heads of all branches that jobs write to. */
export function outputHeads({ db }: EngineState): CommitRow[] {
  return db.all("SELECT DISTINCT c.* FROM branches b JOIN commits c ON c.id = b.head JOIN jobs j ON j.output_commit = c.id");
}

/**
 * Files in outputs that no datum of their job has written: their datum has gone, and they should have gone with it. As
 * sentences, one for each such datum. A job that has not succeeded says nothing about its output.
 */
export async function* findZombies(state: EngineState, outputs: readonly CommitRow[]): AsyncGenerator<string> {
  for (const commit of outputs) {
    const job = state.db.get<JobRow>("SELECT * FROM jobs WHERE output_commit = ? AND state = 'JOB_SUCCESS'", commit.id);
    if (job === undefined) continue;
    const known = idsDealtWith(state.db, state.nodes, job);
    using _ = state.content.hold(commit.root);
    for (const { path, tag } of state.files(commit.root).files()) {
      if (known.has(tag)) continue;
      known.add(tag);
      yield `${commitText(state.db, commit)} has ${path} of datum ${tag}, which its job does not have`;
    }
  }
}
