import { StemmaError } from "../lineage/errors.ts";
import type { RunNode } from "../lineage/graph.ts";
import type { LineageIndex } from "../lineage/store/lineage-index.ts";
import type { CommitIdentity, Urn } from "../lineage/urn.ts";
import { formatUrn, parseUrn } from "../lineage/urn.ts";
import type { Gap } from "../lineage/answer.ts";
import type { DataPart, Why } from "../lineage/why.ts";
import type { WhyExtras } from "../lineage/why/draw.ts";
import type { RunWords } from "../lineage/why/words.ts";
import { countRows, isTable } from "./csv-rows.ts";
import type { DataSource } from "./diff-files.ts";
import { queryOf } from "./diff-files.ts";
import { readWords } from "./diff-run-words.ts";
import type { PachydermSource, Sources } from "./ports.ts";

/** Of stages with more runs than this the tags are enough. */
const MOST_CARDS = 20;
/** Rows are counted in so much data of a commit, by reading it. */
const MOST_COUNTED_BYTES = 16 * 1024 * 1024;

/** What the words of a chain need beside the graph: run cards, and the rows of what came from outside. Gaps say what is not to be had. */
export async function readWhyExtras(
  index: LineageIndex,
  sources: Pick<Sources, "pachyderm">,
  { root, steps }: Why,
): Promise<WhyExtras & { readonly gaps: readonly Gap[] }> {
  const gaps: Gap[] = [];
  const words = new Map<Urn, RunWords>();
  const rows = new Map<Urn, number>();
  for (const { what, made } of steps) {
    const runs = made?.runs ?? [];
    if (runs.length <= MOST_CARDS)
      for (const run of runs)
        words.set(formatUrn(run), await readWords(sources, { run, output: outputOf(index, run) }, (gap) => gaps.push(gap)));
    if (what.kind !== "data" || made !== undefined) continue;
    const count = await rowsOf(sources.pachyderm, what);
    if (count !== undefined) rows.set(formatUrn(what.commit), count);
  }
  const labels = index.labels({ target: formatUrn(root) }).filter(({ until }) => until === undefined);
  return { words, rows, labels: [...new Set(labels.map(({ name }) => name))].sort(), gaps };
}

function outputOf(index: LineageIndex, run: RunNode): CommitIdentity | undefined {
  const made = index.edgesDown(formatUrn(run)).filter(({ kind }) => kind === "generated");
  return made.map(({ from }) => parseUrn(from)).find((identity) => identity.kind === "commit");
}

/** The rows of a part that is all tables and not large. That they cannot be counted takes nothing from the answer. */
async function rowsOf(source: DataSource & Pick<PachydermSource, "inspectFile">, part: DataPart): Promise<number | undefined> {
  try {
    const paths = await pathsOf(source, part);
    let sum = 0;
    for (const path of paths) {
      const count = await countRows(path, () => source.readFile(queryOf(part.commit), path));
      if (count === undefined) return undefined;
      sum += count;
    }
    return paths.length === 0 ? undefined : sum;
  } catch (error) {
    if (error instanceof StemmaError) return undefined;
    throw error;
  }
}

/** The files to be counted; none when they are too much, or not all tables. */
async function pathsOf(source: DataSource & Pick<PachydermSource, "inspectFile">, part: DataPart): Promise<readonly string[]> {
  const { commit, paths, count } = part;
  if (count !== undefined && count !== paths.length) return [];
  const found: string[] = [];
  let sizeBytes = 0;
  for (const path of count === undefined ? ["/"] : paths) {
    for await (const file of source.walkFiles(queryOf(commit), path)) {
      if (file.type === "DIR") continue;
      sizeBytes += file.sizeBytes;
      if (!isTable(file.path) || sizeBytes > MOST_COUNTED_BYTES) return [];
      found.push(file.path);
    }
  }
  return found;
}
