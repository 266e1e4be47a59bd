import type { Urn } from "../urn.ts";
import type { FileEntry, FilePair } from "./merge-files.ts";
import type { RowDifference } from "./rows.ts";

/** How a file differs. A file that "moved" has the same content under another path. */
export type FileChangeKind = "changed" | "added" | "removed" | "moved";
export const FILE_CHANGE_KINDS: readonly FileChangeKind[] = ["changed", "added", "removed", "moved"];

export interface FileChange {
  readonly kind: FileChangeKind;
  readonly before: FileEntry | undefined;
  readonly after: FileEntry | undefined;
  /** Of a changed CSV file, when its rows were compared. */
  readonly rows?: RowDifference | undefined;
}

/** The files of one repo on two sides: what a stage read ("input"), or what is in a commit ("content"). */
export interface DataDifference {
  readonly role: "input" | "content";
  /** Commits; undefined on the side that has none of this repo. */
  readonly before: Urn | undefined;
  readonly after: Urn | undefined;
  readonly counts: Readonly<Record<FileChangeKind, number>>;
  /** How many files are equal, where both sides were read whole. */
  readonly equal: number | undefined;
  /** Those that are listed: of each kind as many as were asked for. */
  readonly files: readonly FileChange[];
  readonly changed: boolean;
}

/** Beyond so many added and removed files, it is not looked whether one is the other under a new name. */
const MOST_HELD = 100_000;

/** Takes pairs of files and keeps what differs: all counts, and of each kind as many as `limit` says (0 for all). */
export class FileTally {
  readonly #limit: number;
  readonly #added: FileEntry[] = [];
  readonly #removed: FileEntry[] = [];
  readonly #changed: FileChange[] = [];
  #counts = { changed: 0, added: 0, removed: 0, moved: 0 };
  #equal = 0;

  constructor(limit: number) {
    this.#limit = limit === 0 ? Number.POSITIVE_INFINITY : limit;
  }

  take({ before, after }: FilePair): void {
    if (before === undefined && after === undefined) return;
    if (before === undefined) this.#hold("added", this.#added, after);
    else if (after === undefined) this.#hold("removed", this.#removed, before);
    else if (before.hash === after.hash) this.#equal += 1;
    else {
      this.#counts.changed += 1;
      if (this.#changed.length < this.#limit) this.#changed.push({ kind: "changed", before, after });
    }
  }

  /** The outcome. `sawEqual` says that equal files were among the pairs. */
  conclude(place: Pick<DataDifference, "role" | "before" | "after">, sawEqual: boolean): DataDifference {
    const moved = this.#takeMoved();
    const counts = { ...this.#counts, moved: moved.length };
    const files = [
      ...this.#changed,
      ...this.#added.slice(0, this.#limit).map((after): FileChange => ({ kind: "added", before: undefined, after })),
      ...this.#removed.slice(0, this.#limit).map((before): FileChange => ({ kind: "removed", before, after: undefined })),
      ...moved.slice(0, this.#limit),
    ];
    const changed = Object.values(counts).some((count) => count > 0);
    return { ...place, counts, equal: sawEqual ? this.#equal : undefined, files, changed };
  }

  #hold(kind: "added" | "removed", list: FileEntry[], entry: FileEntry | undefined): void {
    if (entry === undefined) return;
    this.#counts[kind] += 1;
    if (list.length < Math.max(MOST_HELD, this.#limit)) list.push(entry);
  }

  /** Takes out of the added and removed files those of equal content. */
  #takeMoved(): readonly FileChange[] {
    if (this.#counts.added > this.#added.length || this.#counts.removed > this.#removed.length) return [];
    const byHash = Map.groupBy(this.#removed, ({ hash }) => hash);
    const moved: FileChange[] = [];
    for (const after of this.#added) {
      const before = byHash.get(after.hash)?.shift();
      if (before !== undefined) moved.push({ kind: "moved", before, after });
    }
    const gone = new Set(moved.flatMap(({ before, after }) => [before, after]));
    for (const list of [this.#added, this.#removed]) list.splice(0, list.length, ...list.filter((entry) => !gone.has(entry)));
    this.#counts = { ...this.#counts, added: this.#added.length, removed: this.#removed.length };
    return moved;
  }
}
