import { compareMetrics } from "../lineage/diff/metrics.ts";
import type { Difference } from "../lineage/diff/difference.ts";
import { compareValues } from "../lineage/diff/values.ts";
import type { Node } from "../lineage/graph.ts";
import type { LineageIndex } from "../lineage/store/lineage-index.ts";
import type { Expander, Gap } from "../lineage/answer.ts";
import { concluded } from "../lineage/answer.ts";
import type { DiffOptions } from "./diff-data.ts";
import { diffData } from "./diff-data.ts";
import { readRunWords } from "./diff-run-words.ts";
import { readSide } from "./diff-sides.ts";
import { readSpecs } from "./diff-specs.ts";
import type { Sources } from "./ports.ts";

/** What differs between two runs, models, jobs or commits, with all that is equal. What cannot be had is a gap. */
export async function diffNodes(
  { index, expander, sources }: { readonly index: LineageIndex; readonly expander: Expander; readonly sources: Sources },
  before: Node,
  after: Node,
  options: DiffOptions,
): Promise<Difference> {
  const [old, now] = [await readSide(index, expander, before), await readSide(index, expander, after)];
  const gaps: Gap[] = [...old.gaps, ...now.gaps];
  const note = (gap: Gap): number => gaps.push(gap);
  const data = await diffData(sources.pachyderm, old, now, options, note);
  const words = await readRunWords(sources, old, now, note);
  const specs = await readSpecs(sources.pachyderm, old, now, note);
  return {
    before,
    after,
    data,
    datasets: compareValues(old.datasets, now.datasets),
    code: compareValues(words.before.code, words.after.code),
    params: compareValues(old.run?.params ?? {}, now.run?.params ?? {}),
    environment: compareValues(words.before.environment, words.after.environment),
    spec: compareValues(specs.before, specs.after),
    metrics: compareMetrics(old.run?.metrics ?? {}, now.run?.metrics ?? {}),
    ...concluded(gaps),
  };
}
