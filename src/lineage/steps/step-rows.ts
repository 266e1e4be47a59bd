import type { Direction, Gap } from "../answer.ts";
import type { LineageIndex } from "../store/lineage-index.ts";
import type { Row, RowLink } from "../store/row.ts";
import type { Reach } from "../store/rows.ts";
import { Rows } from "../store/rows.ts";
import type { Urn } from "../urn.ts";
import { commitOf } from "./step.ts";

type Links = ReadonlyMap<number, readonly RowLink[]>;

/** What of an index the rules for steps look at, as it was when they began. */
export class StepRows {
  readonly #index: LineageIndex;
  readonly #rows: Rows;
  readonly #hasGaps: boolean;
  // What is asked for at each of the many files of one commit.
  readonly #expanded = new Map<number, boolean>();
  readonly #readers = new Map<number, readonly RowLink[]>();
  readonly #commitsRead = new Map<number, ReadonlySet<Urn>>();
  /** What was read ahead, by direction and reach. */
  readonly #ahead = new Map<string, Links>();
  #gaps: ReadonlyMap<number, readonly Gap[]> = new Map();

  constructor(index: LineageIndex) {
    this.#index = index;
    this.#rows = new Rows(index);
    this.#hasGaps = this.#rows.hasGaps();
  }

  at(ids: readonly number[]): readonly Row[] {
    this.#rows.know(ids);
    return ids.map((id) => this.#rows.at(id));
  }

  /** Reads for many rows at once what will be asked of them, in place of what was read so before. */
  readAhead(rows: readonly Row[], direction: Direction, reach: Reach): void {
    this.#ahead.set(`${direction} ${reach}`, this.#rows.links(rows, direction, reach));
  }

  readGapsAhead(rows: readonly Row[]): void {
    if (this.#hasGaps) this.#gaps = this.#rows.gaps(rows);
  }

  /** What leads up from a row. */
  up(row: Row, reach: Reach): readonly RowLink[] {
    return this.#links(row, "up", reach);
  }

  /** What leads down from a row. */
  down(row: Row, reach: Reach): readonly RowLink[] {
    return this.#links(row, "down", reach);
  }

  /** What is noted at a row whose gaps were read ahead. */
  gapsOf({ id }: Row): readonly Gap[] {
    return this.#gaps.get(id) ?? [];
  }

  /** True when the datums of a job are in the index. */
  isExpanded({ id, urn }: Row): boolean {
    return getOrMake(this.#expanded, id, () => this.#index.cursor(`expanded:${urn}`) !== undefined);
  }

  /** What was made from a commit, or read it, as a whole or in part. */
  readersOf(commit: Row): readonly RowLink[] {
    return getOrMake(this.#readers, commit.id, () =>
      this.down(commit, "all").filter(({ kind }) => kind === "used" || kind === "derived"),
    );
  }

  /** The commits of which files are linked to what reads them. */
  commitsOfFilesReadBy(reader: Row): ReadonlySet<Urn> {
    return getOrMake(this.#commitsRead, reader.id, () => {
      const files = this.up(reader, "all").filter(({ kind, to }) => kind === "used" && to.kind === "file");
      return new Set(files.map(({ to }) => commitOf(to)));
    });
  }

  #links(row: Row, direction: Direction, reach: Reach): readonly RowLink[] {
    const ahead = this.#ahead.get(`${direction} ${reach}`)?.get(row.id);
    return ahead ?? this.#rows.links([row], direction, reach).get(row.id) ?? [];
  }
}

function getOrMake<Value>(known: Map<number, Value>, id: number, make: () => Value): Value {
  const found = known.get(id);
  if (found !== undefined) return found;
  const made = make();
  known.set(id, made);
  return made;
}
