import type { LineageIndex } from "../../lineage/store/lineage-index.ts";
import type { CommitIdentity, JobIdentity } from "../../lineage/urn.ts";
import { formatUrn, parseUrn } from "../../lineage/urn.ts";
import type { DatumInfo, FileInfo } from "../../pachyderm/types.ts";

/** The runs of each datum: those that say so, in this job or in the one whose work was kept, and those whose cards it wrote. */
export function runsByDatum(
  index: LineageIndex,
  made: { readonly job: JobIdentity; readonly output: CommitIdentity },
  datums: readonly DatumInfo[],
  written: readonly FileInfo[],
): ReadonlyMap<string, readonly string[]> {
  const { job, output } = made;
  const runs = new Map<string, Set<string>>();
  const add = (datum: string, run: string): void => {
    const set = runs.get(datum) ?? new Set<string>();
    runs.set(datum, set.add(run));
  };
  const commit = index.record(formatUrn(output))?.node;
  const cards = new Set(commit?.kind === "commit" ? commit.runCards : []);
  for (const { path, datum } of written) if (cards.has(path.slice(1))) add(datum, path.slice(1));
  const workers = Map.groupBy(datums, (datum) => datum.job.id);
  for (const id of new Set([job.id, ...workers.keys()])) {
    const own = new Set((id === job.id ? datums : (workers.get(id) ?? [])).map((datum) => datum.id));
    for (const { run, datum } of runsWithin(index, { ...job, id })) if (own.has(datum)) add(datum, run);
  }
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
