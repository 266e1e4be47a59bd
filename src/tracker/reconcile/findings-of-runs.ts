import { RUN_TAGS } from "../delivery/run-tags.ts";
import type { Finding } from "./finding.ts";
import { formatCommit } from "./names.ts";
import { type OutputCommits, runOfCard } from "./output-commits.ts";
import type { TrackedRun } from "./tracked-run.ts";

/** Says when it was seen that the commit of a run is there no more. */
const COMMIT_GONE = "stemma.commit_gone";

/** What is wrong with the output commit that an ended run names. */
export async function findLostOutput(tracked: TrackedRun, commits: OutputCommits, now: Date): Promise<Finding | undefined> {
  const { run, key, commit } = tracked;
  if (commit === undefined || run.status === "RUNNING") return undefined;
  const about = { run: run.id, commit: formatCommit(commit), key };
  const info = await commits.find(commit);
  if (info === undefined) {
    if (run.tags[COMMIT_GONE] !== undefined) return undefined;
    const remedy = { kind: "tag", seen: tracked, tags: { [COMMIT_GONE]: now.toISOString() } } as const;
    return { ...about, kind: "run-without-commit", message: `Pachyderm does not have its output commit`, remedy };
  }
  // Failed datums leave no output. What was replayed has its card in the outbox.
  const shouldHaveCard = run.status === "FINISHED" && info.finished !== undefined && info.error === "";
  if (!shouldHaveCard || run.tags[RUN_TAGS.replayed] !== undefined) return undefined;
  if ((await commits.cards(commit)).some((card) => runOfCard(card) === run.id)) return undefined;
  const message = "its output commit has no card of it, and cannot be mended: commits are immutable";
  return { ...about, kind: "run-without-card", message };
}
