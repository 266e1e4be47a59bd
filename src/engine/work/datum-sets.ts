import type { Datum } from "../pps/datums.ts";
import type { DatumSet } from "../pps/pipeline-spec.ts";

/** A datum that is left to do, and its place among all of its job. */
export interface PlannedDatum {
  readonly datum: Datum;
  readonly index: number;
}

/**
 * The sets in which workers take datums, in order, by the spec's `datum_set_spec`. Without one each datum is a set of its own,
 * so that no worker is left waiting for another.
 */
export function datumSets(datums: readonly PlannedDatum[], spec: DatumSet, workers: number): PlannedDatum[][] {
  if (spec.sizeBytes > 0) return bySize(datums, spec.sizeBytes);
  const perWorker = spec.perWorker > 0 ? Math.ceil(datums.length / (spec.perWorker * workers)) : 1;
  const size = spec.number > 0 ? spec.number : Math.max(1, perWorker);
  return Array.from({ length: Math.ceil(datums.length / size) }, (_, set) => datums.slice(set * size, (set + 1) * size));
}

/** A set is full with the datum that brings its input to the size. */
function bySize(datums: readonly PlannedDatum[], sizeBytes: number): PlannedDatum[][] {
  const sets: PlannedDatum[][] = [];
  let bytes = sizeBytes;
  for (const planned of datums) {
    if (bytes >= sizeBytes) {
      sets.push([]);
      bytes = 0;
    }
    sets.at(-1)?.push(planned);
    bytes += planned.datum.files.reduce((sum, file) => sum + file.bytes, 0);
  }
  return sets;
}
