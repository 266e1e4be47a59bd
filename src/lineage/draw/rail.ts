/** One line of a history: a thing, and the things further below that it was made from, the most important first. */
export interface RailRow {
  readonly id: string;
  readonly parents: readonly string[];
}

export interface RailLine {
  readonly rail: string;
  /** Which row stands on this line; undefined for a line that only joins rails. */
  readonly row: number | undefined;
}

/**
 * Draws rails beside rows, as `git log --graph` does. A lane leads down to one row; lines to the same row join at once, so that there are
 * hardly more lanes than rows waited for. A first parent goes on in its child's lane. What is not further below is not drawn.
 * `├─│─╮` passes behind the lane in the middle; `├─┼─╮` joins it.
 */
export function* layoutRails(rows: readonly RailRow[]): Generator<RailLine, void, undefined> {
  const places = new Map(rows.map(({ id }, row) => [id, row]));
  const lanes = new Lanes();
  for (const [row, { id, parents }] of rows.entries()) {
    const column = lanes.take(id);
    yield { rail: lanes.drawRow(column), row };
    const before = lanes.active();
    const below = new Set(parents.filter((parent) => (places.get(parent) ?? -1) > row));
    const join = lanes.leave(column, [...below]);
    if (join.touched.size > 1) yield { rail: lanes.drawJoin(join, before), row: undefined };
  }
}

/** Where a row's line goes on: `touched` are its own lane and those that it joins, `down` those of them that go on. */
interface Join {
  readonly touched: ReadonlySet<number>;
  readonly down: ReadonlySet<number>;
}

/** The lanes that are open, each with the row that it leads to. */
class Lanes {
  readonly #targets: (string | undefined)[] = [];
  readonly #laneOf = new Map<string, number>();

  /** A lane that ended at the row above: what begins right below it would look like what that row came from. */
  #ended: number | undefined;

  /** The lane of a row that is reached now: the one that led to it, or else a new one. */
  take(id: string): number {
    const column = this.#laneOf.get(id) ?? this.#firstFree(this.#ended);
    this.#laneOf.delete(id);
    this.#open(column, id);
    return column;
  }

  /** Ends a row's lane and leads on to the rows that it came from. */
  leave(column: number, parents: readonly string[]): Join {
    this.#targets[column] = undefined;
    this.#ended = parents.length === 0 ? column : undefined;
    const moved = parents.length === 1 ? this.#moveLeft(parents[0] ?? "", column) : undefined;
    const down = new Set(parents.map((parent) => this.#lead(parent, column)));
    while (this.#targets.length > 0 && this.#targets.at(-1) === undefined) this.#targets.pop();
    if (parents.length === 0) return { touched: new Set(), down };
    return { touched: new Set([column, ...down, ...(moved === undefined ? [] : [moved])]), down };
  }

  /** A lane to the right that leads where an only parent is goes on in this column. Answers the column that it had. */
  #moveLeft(parent: string, column: number): number | undefined {
    const lane = this.#laneOf.get(parent);
    if (lane === undefined || lane < column) return undefined;
    this.#targets[lane] = undefined;
    this.#open(column, parent);
    this.#laneOf.set(parent, column);
    return lane;
  }

  /** The lane to a row: the one there is, the one of the row above when that is free, or the first free one. */
  #lead(id: string, preferred: number): number {
    const known = this.#laneOf.get(id);
    if (known !== undefined) return known;
    const column = this.#targets[preferred] === undefined ? preferred : this.#firstFree();
    this.#open(column, id);
    this.#laneOf.set(id, column);
    return column;
  }

  #open(column: number, id: string): void {
    while (this.#targets.length < column) this.#targets.push(undefined);
    this.#targets[column] = id;
  }

  active(): ReadonlySet<number> {
    return new Set(this.#targets.keys().filter((column) => this.#targets[column] !== undefined));
  }

  drawRow(column: number): string {
    return this.#targets
      .map((target, lane) => (lane === column ? "*" : target === undefined ? " " : "│"))
      .join(" ")
      .trimEnd();
  }

  /** The line below a row that joins lanes. `before` are those that were open at the row. */
  drawJoin({ touched, down }: Join, before: ReadonlySet<number>): string {
    const first = Math.min(...touched);
    const last = Math.max(...touched);
    let line = "";
    for (let lane = 0; lane < Math.max(this.#targets.length, last + 1); lane += 1) {
      const inside = lane >= first && lane <= last;
      if (touched.has(lane))
        line += corner({ up: before.has(lane), down: down.has(lane), left: lane > first, right: lane < last });
      else line += before.has(lane) ? "│" : inside ? "─" : " ";
      line += inside && lane < last ? "─" : " ";
    }
    return line.trimEnd();
  }

  #firstFree(not?: number): number {
    const free = this.#targets.findIndex((target, column) => target === undefined && column !== not);
    if (free !== -1) return free;
    return this.#targets.length === not ? this.#targets.length + 1 : this.#targets.length;
  }
}

interface Sides {
  readonly up: boolean;
  readonly down: boolean;
  readonly left: boolean;
  readonly right: boolean;
}

/** By up 8, down 4, left 2, right 1. */
const CORNERS = [" ", "─", "─", "─", "│", "╭", "╮", "┬", "│", "╰", "╯", "┴", "│", "├", "┤", "┼"];

function corner({ up, down, left, right }: Sides): string {
  return CORNERS[(up ? 8 : 0) + (down ? 4 : 0) + (left ? 2 : 0) + (right ? 1 : 0)] ?? " ";
}
