import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RowBag, shareColumns } from "../../../src/lineage/diff/rows.ts";
import { runs } from "../../helpers/scale.ts";

const rows = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 12 });

function bagOf(before: readonly string[], after: readonly string[]): RowBag {
  const bag = new RowBag(100);
  for (const row of before) bag.add("before", row);
  for (const row of after) bag.add("after", row);
  return bag;
}

function timesIn(list: readonly string[], row: string): number {
  return list.filter((each) => each === row).length;
}

describe("a bag of rows", () => {
  test("tells what each side has more of, as often as it has", () => {
    fc.assert(
      fc.property(rows, rows, (before, after) => {
        const bag = bagOf(before, after);
        const removed = before.filter((row) => bag.take("before", row));
        const added = after.filter((row) => bag.take("after", row));
        for (const row of "abcd") {
          expect(timesIn(removed, row)).toBe(Math.max(0, timesIn(before, row) - timesIn(after, row)));
          expect(timesIn(added, row)).toBe(Math.max(0, timesIn(after, row) - timesIn(before, row)));
        }
        expect([bag.count("before"), bag.count("after")]).toEqual([0, 0]);
      }),
      runs(200),
    );
  });

  test("is full when too many rows wait for a partner, and not for those that have one", () => {
    const bag = new RowBag(2);
    for (const row of ["a", "b"]) bag.add("before", row);
    expect(bag.isFull).toBe(false);
    bag.add("after", "a");
    bag.add("before", "c");
    expect(bag.isFull).toBe(false);
    bag.add("before", "d");
    expect(bag.isFull).toBe(true);
  });
});

describe("the columns of two tables", () => {
  test("are the same by name, wherever they stand", () => {
    expect(shareColumns(["id", "old", "amount"], ["amount", "id", "new"])).toEqual({
      columns: ["id", "amount"],
      added: ["new"],
      removed: ["old"],
      at: { before: [0, 2], after: [1, 0] },
    });
  });

  test("of one name are told apart by their order", () => {
    expect(shareColumns(["x", "x"], ["x", "y", "x"])).toMatchObject({ at: { before: [0, 1], after: [0, 2] }, added: ["y"] });
  });
});
