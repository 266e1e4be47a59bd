import type { LineageIndex } from "../../lineage/store/lineage-index.ts";
import type { MlflowSource } from "../ports.ts";
import type { SyncOptions } from "../sync-options.ts";
import { isDeleted } from "./run-notes.ts";
import { RunReader } from "./run-reader.ts";
import { mlflowRuns } from "./runs-in-index.ts";
import { formatUrn } from "../../lineage/urn.ts";

/** A run's start is told by the machine that it ran on, whose clock may be behind. */
const OVERLAP_MS = 60_000;
/** Each look further back goes so many times as far. */
const FURTHER = 8;
const FURTHEST_MS = 400 * 24 * 3_600_000;

/** Reads the runs that are new, those that had not ended, and those that were deleted, restored or removed. Gives how many had changed. */
export async function syncRuns(
  index: LineageIndex,
  source: MlflowSource,
  experimentIds: readonly string[],
  options: SyncOptions,
): Promise<number> {
  // Without experiments MLflow answers with nothing, and with no error either.
  if (experimentIds.length === 0) return 0;
  const reader = new RunReader(index, source, experimentIds, options);
  const since = options.full === true ? undefined : reader.notes.sinceMs;
  if (since === undefined) await readAll(index, reader, options);
  else await readNew(index, reader, since, options);
  return reader.changed;
}

async function readNew(index: LineageIndex, reader: RunReader, since: number, options: SyncOptions): Promise<void> {
  const { open } = reader.notes;
  await reader.readSince(since - OVERLAP_MS);
  await reader.readAgain(open);
  const count = await lookBack(reader, since);
  if (count === "fewer" || count === "more") await readAll(index, reader, options);
  else await readDeletions(index, reader);
}

/** Where MLflow has more runs than are known, some came late: with a start in the past. Looks further and further back for them. */
async function lookBack(reader: RunReader, since: number): Promise<"fewer" | "same" | "more" | undefined> {
  let count = await reader.compareCount(false);
  for (let back = OVERLAP_MS * FURTHER; count === "more" && back < FURTHEST_MS; back *= FURTHER) {
    await reader.readSince(since - back);
    // What began while we looked has to be counted in.
    await reader.readSince(reader.notes.sinceMs);
    count = await reader.compareCount(false);
  }
  return count;
}

/** Where the number of deleted runs is another than it was, reads those, and the runs that were deleted and are so no more. */
async function readDeletions(index: LineageIndex, reader: RunReader): Promise<void> {
  const count = await reader.compareCount(true);
  if (count === "same" || count === undefined) return;
  await reader.readDeleted();
  await reader.readAgain(mlflowRuns(index).flatMap(({ node }) => (isDeleted(node.state) ? [node.id] : [])));
  index.write((writer) => reader.notes.setCounts(writer, { deleted: countDeleted(reader) }));
}

/** Reads all runs, and marks those as gone that MLflow has no more. */
async function readAll(index: LineageIndex, reader: RunReader, { now }: SyncOptions): Promise<void> {
  await reader.readSince(undefined);
  const known = mlflowRuns(index).map(({ node }) => node.id);
  // Pages shift when a run is removed between two of them: a run that was not listed is asked for by its id.
  await reader.readAgain(known);
  const gone = known.filter((id) => !reader.read.has(id));
  index.write((writer) => {
    for (const id of gone) writer.markGone(formatUrn({ kind: "run", id }), now?.() ?? new Date());
    reader.notes.close(writer, gone);
    reader.notes.setCounts(writer, { known: reader.read.size, deleted: countDeleted(reader) });
  });
}

function countDeleted({ read }: RunReader): number {
  return [...read.values()].filter(Boolean).length;
}
