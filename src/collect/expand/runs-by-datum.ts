import type { LineageIndex } from "../../lineage/store/lineage-index.ts";
import type { CommitIdentity, JobIdentity } from "../../lineage/urn.ts";
import { formatUrn, parseUrn } from "../../lineage/urn.ts";
import type { DatumInfo, FileInfo } from "../../pachyderm/types.ts";

/** The runs of each datum of a job: those that say so, and those whose cards lie among what it wrote, as one that was skipped keeps. */
export function runsByDatum(
  index: LineageIndex,
  { job, output }: { readonly job: JobIdentity; readonly output: CommitIdentity },
  datums: readonly DatumInfo[],
  written: readonly FileInfo[],
): ReadonlyMap<string, readonly string[]> {
  const runs = new Map<string, Set<string>>();
  const add = (datum: string, run: string): void => {
    const set = runs.get(datum) ?? new Set<string>();
    runs.set(datum, set.add(run));
  };
  const commit = index.record(formatUrn(output))?.node;
  const cards = new Set(commit?.kind === "commit" ? commit.runCards : []);
  for (const { path, datum } of written) if (cards.has(path.slice(1))) add(datum, path.slice(1));
  const own = new Set(datums.map(({ id }) => id));
  for (const { run, datum } of runsWithin(index, job)) if (own.has(datum)) add(datum, run);
  return new Map([...runs].map(([datum, set]) => [datum, [...set].toSorted()]));
}

function* runsWithin(index: LineageIndex, job: JobIdentity): IterableIterator<{ readonly run: string; readonly datum: string }> {
  for (const { from, kind } of index.edgesDown(formatUrn(job))) {
    const run = kind === "within" && from.startsWith("urn:stemma:run:") ? parseUrn(from) : undefined;
    if (run?.kind !== "run") continue;
    for (const { to } of index.edgesUp(from)) {
      const datum = parseUrn(to);
      if (datum.kind === "datum" && datum.job === job.id && datum.pipeline === job.pipeline)
        yield { run: run.id, datum: datum.id };
    }
  }
}
