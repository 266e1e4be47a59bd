import type { IndexWriter } from "../../lineage/store/index-writer.ts";
import type { LineageIndex } from "../../lineage/store/lineage-index.ts";
import type { Mark } from "./new-items.ts";

/** How far a list of Pachyderm was read, kept in the index between turns. */
export interface Progress {
  readonly mark?: Mark | undefined;
  /** What was not done when it was last read, and is asked for again. */
  readonly open: readonly string[];
  /** When the repo was made: another time says that it is another repo of the same name. */
  readonly created?: number | undefined;
}

const NOTHING_YET: Progress = { open: [] };

export function readProgress(index: LineageIndex, name: string): Progress {
  const text = index.cursor(name);
  return text === undefined ? NOTHING_YET : (JSON.parse(text) as Progress);
}

export function writeProgress(writer: IndexWriter, name: string, progress: Progress): void {
  writer.setCursor(name, JSON.stringify(progress));
}

/** The open ones after some were read again: those that were done leave, those that are not stay or come. */
export function stillOpen(open: readonly string[], read: Iterable<readonly [id: string, isDone: boolean]>): readonly string[] {
  const set = new Set(open);
  for (const [id, isDone] of read) {
    if (isDone) set.delete(id);
    else set.add(id);
  }
  return [...set];
}
