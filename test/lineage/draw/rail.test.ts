import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RailRow } from "../../../src/lineage/draw/rail.ts";
import { layoutRails } from "../../../src/lineage/draw/rail.ts";
import { runs } from "../../helpers/scale.ts";

/** Rows from lines such as "c b a": c came from b and a. */
function rowsOf(...lines: readonly string[]): readonly RailRow[] {
  return lines.map((line) => {
    const [id = "", ...parents] = line.split(" ");
    return { id, parents };
  });
}

function draw(rows: readonly RailRow[]): string {
  const lines = [...layoutRails(rows)].map(({ rail, row }) => (row === undefined ? rail : `${rail} ${rows[row]?.id}`));
  return `\n${lines.join("\n")}\n`;
}

/** What a reader sees: follows the lines and tells the edges that they are. */
function readEdges(rows: readonly RailRow[]): readonly string[] {
  const edges: string[] = [];
  /** By column, the rows that its lane comes from. */
  let lanes = new Map<number, ReadonlySet<string>>();
  let last = "";
  for (const { rail, row } of layoutRails(rows)) {
    const cells = Array.from(rail).filter((_, index) => index % 2 === 0);
    if (row === undefined) lanes = readJoin(Array.from(rail), lanes, last);
    else {
      const column = cells.indexOf("*");
      const ended = [...lanes].filter(([lane]) => lane !== column && cells[lane] !== "│");
      // Only a row that came from nothing may end without a line.
      expect(ended.flatMap(([, origins]) => [...origins]).filter((origin) => origin !== last)).toEqual([]);
      for (const [lane] of ended) lanes.delete(lane);
      last = rows[row]?.id ?? "";
      for (const origin of lanes.get(column) ?? []) edges.push(`${origin} ${last}`);
      lanes.set(column, new Set([last]));
    }
  }
  return edges;
}

/** Lanes that end in the line flow into those that go on from it; `│` is not touched by it. */
function readJoin(
  rail: readonly string[],
  lanes: ReadonlyMap<number, ReadonlySet<string>>,
  from: string,
): Map<number, Set<string>> {
  const next = new Map<number, Set<string>>();
  const flowing = new Set([from]);
  const each = (shapes: string, visit: (column: number, origins: ReadonlySet<string>) => void): void => {
    for (let column = 0; column * 2 < rail.length; column += 1)
      if (shapes.includes(rail[column * 2] ?? "")) visit(column, lanes.get(column) ?? new Set());
  };
  each("╰╯┴", (_, origins) => origins.forEach((origin) => flowing.add(origin)));
  each("├┤┼╭╮┬", (column, origins) => next.set(column, new Set([...origins, ...flowing])));
  each("│", (column, origins) => next.set(column, new Set(origins)));
  return next;
}

/** Histories of up to 40 rows, each from some of the rows below it. */
const histories = fc.array(fc.array(fc.nat({ max: 12 }), { maxLength: 4 }), { maxLength: 40 }).map((steps) =>
  steps.map((below, row): RailRow => {
    const parents = below.map((step) => row + 1 + step).filter((parent) => parent < steps.length);
    return { id: String(row), parents: [...new Set(parents)].map(String) };
  }),
);

describe("a history as rails", () => {
  test("a chain is one lane without joins", () => {
    expect(draw(rowsOf("c b", "b a", "a"))).toBe("\n* c\n* b\n* a\n");
  });

  test("a fork and a merge", () => {
    expect(draw(rowsOf("e c d", "d b", "c b", "b a", "a"))).toMatchInlineSnapshot(`
      "
      * e
      ├─╮
      │ * d
      * │ c
      ├─╯
      * b
      * a
      "
    `);
  });

  test("a line passes behind a lane that it does not join", () => {
    expect(draw(rowsOf("e c", "d b", "f c", "c a", "b", "a"))).toMatchInlineSnapshot(`
      "
      * e
      │ * d
      │ │ * f
      ├─│─╯
      * │ c
      │ * b
      * a
      "
    `);
  });

  test("the repos of a pipeline, commit set by commit set", () => {
    expect(draw(rowsOf("train2 train1 etl2", "etl2 etl1 raw2", "raw2 raw1", "train1 etl1", "etl1 raw1", "raw1")))
      .toMatchInlineSnapshot(`
      "
      * train2
      ├─╮
      │ * etl2
      │ ├─╮
      │ │ * raw2
      * │ │ train1
      ├─╯ │
      *   │ etl1
      ├───╯
      * raw1
      "
    `);
  });

  test("what is not below is not drawn, and what begins anew does not look like what ended above it", () => {
    expect(draw(rowsOf("b gone", "a b", "0"))).toBe("\n* b\n  * a\n* 0\n");
  });

  test("every edge is drawn once, and nothing else", () => {
    fc.assert(
      fc.property(histories, (rows) => {
        const wanted = rows.flatMap(({ id, parents }) => parents.map((parent) => `${id} ${parent}`));
        expect(readEdges(rows).toSorted()).toEqual(wanted.toSorted());
      }),
      runs(200),
    );
  });

  test("there are never more lanes than rows that are waited for, and the one at hand, and the one above it", () => {
    fc.assert(
      fc.property(histories, (rows) => {
        const most = Math.max(1, ...rows.map((_, at) => waitedFor(rows, at) + 2));
        const widest = Math.max(0, ...layoutRails(rows).map(({ rail }) => Math.ceil(Array.from(rail).length / 2)));
        expect(widest).toBeLessThanOrEqual(most);
      }),
      runs(200),
    );
  });

  test("a hundred thousand rows are drawn", () => {
    const count = 100_000;
    const rows = Array.from({ length: count }, (_, row) => ({ id: String(row), parents: [String(row + 1), String(row + 3)] }));
    expect([...layoutRails(rows)].filter(({ row }) => row !== undefined)).toHaveLength(count);
  });
});

/** How many rows below stand in a line from this row or one above it. */
function waitedFor(rows: readonly RailRow[], at: number): number {
  const parents = rows.slice(0, at + 1).flatMap((row) => row.parents);
  return new Set(parents.filter((parent) => Number(parent) > at)).size;
}
