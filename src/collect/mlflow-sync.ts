import type { LineageIndex } from "../lineage/store/lineage-index.ts";
import type { Gap } from "../lineage/answer.ts";
import { syncLoggedModels } from "./mlflow/sync-logged-models.ts";
import { syncRegistry } from "./mlflow/sync-registry.ts";
import { syncRuns } from "./mlflow/sync-runs.ts";
import type { MlflowSource } from "./ports.ts";
import { listAll } from "./remote.ts";
import type { SyncOptions } from "./sync-options.ts";

export { refreshRuns } from "./mlflow/refresh-runs.ts";

export interface MlflowReport {
  readonly runs: number;
  /** Logged models and versions in the registry. */
  readonly models: number;
  readonly gaps: readonly Gap[];
}

/**
 * Brings what an index says of runs and models up to date. Rejects with UNREACHABLE when MLflow is away.
 *
 * MLflow does not say what changed. Seen on 3.17.2, and what follows from it:
 * - A run can be searched for by its start, which its client tells, not by when it came or changed. So runs are read from the newest
 *   start on, those that had not ended are read again, and the number of runs tells whether others came or went.
 * - What changes in a run that has ended (a tag, a late metric) leaves no trace: `full`, or `refreshRuns`.
 * - A search leaves out which logged models a run read: a new run is asked for by itself, once there are such models.
 * - Deleting a run leaves no time, but changes the number of deleted ones.
 * - An alias, and a tag of a version, move without a trace; a new, deleted or staged version moves `last_updated_timestamp` of its
 *   name. The list of names carries the aliases and the newest versions with their tags: it is read each time, and the other versions of
 *   the names that changed. Tags of other versions: `full`.
 * - A logged model's `last_updated_timestamp` moves with its status, not with its tags. A deleted one is listed no more: `full`.
 */
export async function syncMlflow(index: LineageIndex, source: MlflowSource, options: SyncOptions = {}): Promise<MlflowReport> {
  const experimentIds = (await listAll(source.listExperiments())).map(({ id }) => id);
  const logged = await syncLoggedModels(index, source, experimentIds, options);
  const runs = await syncRuns(index, source, experimentIds, options);
  const registered = await syncRegistry(index, source, options);
  return { runs, models: logged + registered, gaps: [] };
}
