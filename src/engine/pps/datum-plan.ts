import type { Datum } from "./datums.ts";

/** What a job does with its datums and with the output that it starts from. */
export interface DatumPlan {
  /** To be worked on, in the order in which they were planned. */
  readonly todo: readonly Datum[];
  /** Ids of the datums whose output goes: those that are worked on again, and those that there are no more. Sorted. */
  readonly gone: readonly string[];
}

/**
 * Compares a job's datums with those that the job it builds on has done, given by id. A datum with the same hash is skipped
 * and keeps its output. A datum that failed, or was recovered, is not among those done, so it runs again.
 */
export function planJob(
  datums: readonly Datum[],
  done: ReadonlyMap<string, { readonly hash: string }>,
  everyJob = false,
): DatumPlan {
  const isDone = ({ id, hash }: Datum): boolean => !everyJob && done.get(id)?.hash === hash;
  const kept = new Set(datums.filter(isDone).map(({ id }) => id));
  return {
    todo: datums.filter(({ id }) => !kept.has(id)),
    gone: [...done.keys()].filter((id) => !kept.has(id)).sort(),
  };
}
