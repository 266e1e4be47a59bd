import { StemmaError } from "../lineage/errors.ts";
import type { LineageIndex } from "../lineage/store/lineage-index.ts";
import type { Urn } from "../lineage/urn.ts";
import { parseUrn } from "../lineage/urn.ts";
import { refreshRuns } from "./mlflow-sync.ts";
import { refreshThings } from "./pachyderm/refresh-things.ts";
import type { Sources } from "./ports.ts";

/**
 * Asks again for these commits, jobs and runs, a few at a time: what was squashed or deleted since the last sync is marked as gone at once.
 * A source that cannot be reached leaves the index as it is: the sync has said so.
 */
export async function refresh(
  index: LineageIndex,
  sources: Sources,
  urns: readonly Urn[],
  now: () => Date = () => new Date(),
): Promise<void> {
  const runs = urns.flatMap((urn) => {
    const identity = parseUrn(urn);
    return identity.kind === "run" ? [identity.id] : [];
  });
  await Promise.all([
    unlessAway(refreshThings({ index, source: sources.pachyderm }, urns, now())),
    unlessAway(refreshRuns(index, sources.mlflow, runs, now())),
  ]);
}

async function unlessAway(refreshing: Promise<void>): Promise<void> {
  try {
    await refreshing;
  } catch (error) {
    if (!(error instanceof StemmaError) || error.code !== "UNREACHABLE") throw error;
  }
}
