import { hash } from "node:crypto";
import type { RowDifference, SharedColumns, Side } from "../lineage/diff/rows.ts";
import { RowBag, shareColumns } from "../lineage/diff/rows.ts";
import type { ReadBytes, Rows } from "./csv-rows.ts";
import { NotCompared, namesColumns, readRows, whyNoTable } from "./csv-rows.ts";

/** Rows of one side that have no partner yet: beyond, the files are too different, or too large, to be compared in memory. */
const MOST_OPEN = 1_000_000;
/** Rows read from one file before it is the other's turn. */
const STRIDE = 1000;

/** The rows that two tables do not have in common; `limit` is how many are told of each side, 0 for all. Reads both twice. */
export async function diffRows(path: string, files: Readonly<Record<Side, ReadBytes>>, limit: number): Promise<RowDifference> {
  try {
    return await compare((side) => readRows(path, files[side]), limit);
  } catch (error) {
    const why = whyNoTable(error);
    if (why === undefined) throw error;
    return {
      columns: [],
      columnsAdded: [],
      columnsRemoved: [],
      addedCount: 0,
      removedCount: 0,
      added: [],
      removed: [],
      notCompared: why,
    };
  }
}

async function compare(open: (side: Side) => Rows, limit: number): Promise<RowDifference> {
  const bag = new RowBag(MOST_OPEN);
  const table = await fill(bag, open);
  const counts = { addedCount: bag.count("after"), removedCount: bag.count("before") };
  const most = (count: number): number => (limit === 0 ? count : Math.min(limit, count));
  const removed = await pick(bag, open("before"), "before", table, most(counts.removedCount));
  const added = await pick(bag, open("after"), "after", table, most(counts.addedCount));
  const { columns, added: columnsAdded, removed: columnsRemoved } = table.shared;
  return { columns, columnsAdded, columnsRemoved, ...counts, added, removed };
}

interface Table {
  readonly shared: SharedColumns;
  /** Whether the first row names the columns. */
  readonly isHeaded: boolean;
}

/** Reads both in step, so that what is alike cancels out soon. */
async function fill(bag: RowBag, open: (side: Side) => Rows): Promise<Table> {
  const rows = { before: open("before"), after: open("after") };
  try {
    const first = { before: await nextRow(rows.before), after: await nextRow(rows.after) };
    const table = toTable(first.before ?? [], first.after ?? []);
    if (table.shared.columns.length === 0) throw new NotCompared("they have no column in common");
    const sides = new Set<Side>(["before", "after"]);
    for (const side of sides) {
      const row = first[side];
      if (!table.isHeaded && row !== undefined) bag.add(side, keyOf(cut(row, table.shared.at[side])));
    }
    while (sides.size > 0) {
      for (const side of sides) if (!(await takeSome(bag, rows[side], side, table.shared))) sides.delete(side);
      if (bag.isFull) throw new NotCompared(`more than ${MOST_OPEN.toLocaleString("en-US")} rows differ`);
    }
    return table;
  } finally {
    await Promise.all([rows.before.return(), rows.after.return()]);
  }
}

/** Columns are known by their names, or, where a table has no header, by where they stand. */
function toTable(before: readonly string[], after: readonly string[]): Table {
  const isHeaded = namesColumns(before) && namesColumns(after);
  if (isHeaded) return { shared: shareColumns(before, after), isHeaded };
  const numbers = Array.from({ length: Math.max(before.length, after.length) }, (_, at) => `column ${at + 1}`);
  return { shared: shareColumns(numbers, numbers), isHeaded };
}

async function nextRow(rows: Rows): Promise<readonly string[] | undefined> {
  const next = await rows.next();
  return next.done === true ? undefined : next.value;
}

/** False at the end. */
async function takeSome(bag: RowBag, rows: Rows, side: Side, shared: SharedColumns): Promise<boolean> {
  for (let count = 0; count < STRIDE; count += 1) {
    const next = await rows.next();
    if (next.done === true) return false;
    bag.add(side, keyOf(cut(next.value, shared.at[side])));
  }
  return true;
}

/** The first rows of a side that the other has not, or not as often. */
async function pick(
  bag: RowBag,
  rows: Rows,
  side: Side,
  { shared, isHeaded }: Table,
  count: number,
): Promise<ReadonlyArray<readonly string[]>> {
  const picked: (readonly string[])[] = [];
  if (count > 0 && isHeaded) await nextRow(rows);
  while (picked.length < count) {
    const row = await nextRow(rows);
    if (row === undefined) break;
    const own = cut(row, shared.at[side]);
    if (bag.take(side, keyOf(own))) picked.push(own);
  }
  await rows.return();
  return picked;
}

function cut(row: readonly string[], columns: readonly number[]): readonly string[] {
  return columns.map((at) => row[at] ?? "");
}

function keyOf(row: readonly string[]): string {
  return hash("sha256", JSON.stringify(row), "base64");
}
