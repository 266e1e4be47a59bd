import { StemmaError } from "../lineage/errors.ts";
import type { LineageIndex } from "../lineage/store/lineage-index.ts";
import type { Sources } from "./ports.ts";
import type { SyncReport } from "./sync-options.ts";
import { sync } from "./sync.ts";
import { Subscriptions } from "./watch/subscriptions.ts";

export interface WatchOptions {
  readonly signal: AbortSignal;
  /** Told after each reading that brought something, and when a source is lost or found again. */
  readonly onChange: (report: SyncReport) => void;
  /** How long to wait for a new commit before both sources are asked all the same: no event tells of runs, jobs and moved branches. */
  readonly everyMs?: number | undefined;
}

const EVERY_MS = 2_000;
/** A server that was lost is asked less and less often, up to this. */
const MAX_WAIT_MS = 30_000;

/**
 * Keeps the index up to date until the signal: with each new commit, of which Pachyderm tells, and every two seconds. A source that is
 * lost is a gap in the reports, and is followed on when it is there again.
 */
export async function watch(index: LineageIndex, sources: Sources, options: WatchOptions): Promise<void> {
  const { signal, onChange, everyMs = EVERY_MS } = options;
  const commits = new Subscriptions(sources.pachyderm, signal);
  let gapsBefore: string | undefined;
  let waitMs = everyMs;
  while (!signal.aborted) {
    await orGone(commits.followAll());
    const report = await sync(index, sources, { signal }).catch(unlessAborted(signal));
    if (report === undefined) return;
    const gaps = report.gaps.map(({ at }) => at).join(" ");
    if (gaps !== gapsBefore || Object.values(report.read).some((count) => count > 0)) onChange(report);
    gapsBefore = gaps;
    waitMs = gaps === "" ? everyMs : Math.min(waitMs * 2, MAX_WAIT_MS);
    await commits.next(waitMs);
  }
}

/** A server that is away is told of by the sync. */
async function orGone(following: Promise<void>): Promise<void> {
  try {
    await following;
  } catch (error) {
    if (!(error instanceof StemmaError)) throw error;
  }
}

function unlessAborted(signal: AbortSignal): (error: unknown) => undefined {
  return (error) => {
    if (!signal.aborted) throw error;
    return undefined;
  };
}
