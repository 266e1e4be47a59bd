import { RUN_TAGS } from "../delivery/run-tags.ts";
import type { Finding } from "./finding.ts";
import type { TrackedRun } from "./tracked-run.ts";

/**
 * Runs that were made twice for one piece of work, since the answer to the first call was lost. The one that began first
 * stays, the smaller id when both began at once: every tracker that looks comes to the same.
 */
export function findDoubled(live: readonly TrackedRun[], now: Date): Finding[] {
  const groups = Map.groupBy(live, ({ run, key }) => `${run.experimentId} ${key}`);
  return [...groups.values()].flatMap((group) => {
    const [winner, ...losers] = group.toSorted(byStart);
    return winner === undefined ? [] : losers.map((loser) => toFinding(loser, winner, now));
  });
}

function byStart({ run: a }: TrackedRun, { run: b }: TrackedRun): number {
  return a.startTime.getTime() - b.startTime.getTime() || (a.id < b.id ? -1 : 1);
}

function toFinding(loser: TrackedRun, { run: winner, key }: TrackedRun, now: Date): Finding {
  const reason = `it was made a second time for the work of run ${winner.id}`;
  const tags = { [RUN_TAGS.supersededBy]: winner.id, [RUN_TAGS.closedBecause]: reason };
  return {
    kind: "doubled-run",
    run: loser.run.id,
    key,
    message: reason,
    remedy: { kind: "close", seen: loser, status: "KILLED", endTime: loser.run.endTime ?? now, tags },
  };
}
