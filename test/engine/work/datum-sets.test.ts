import { describe, expect, test } from "vitest";
import { datumSets } from "../../../src/engine/work/datum-sets.ts";
import type { Datum, DatumFile } from "../../../src/engine/pps/datums.ts";

/** Datums that read so many bytes each. */
function planned(...sizes: number[]): { datum: Datum; index: number }[] {
  return sizes.map((bytes, index) => ({ index, datum: { id: `${index}`, hash: "", files: [{ bytes } as DatumFile] } }));
}

function indexes(sets: readonly (readonly { index: number }[])[]): number[][] {
  return sets.map((set) => set.map(({ index }) => index));
}

const NONE = { number: 0, sizeBytes: 0, perWorker: 0 };

describe("datum sets", () => {
  test.each([
    ["are of one datum each, where the spec does not say", NONE, [[0], [1], [2], [3], [4]]],
    ["have a number of datums", { ...NONE, number: 2 }, [[0, 1], [2, 3], [4]]],
    [
      "are so many for each of two workers",
      { ...NONE, perWorker: 1 },
      [
        [0, 1, 2],
        [3, 4],
      ],
    ],
    ["are never more than the datums", { ...NONE, perWorker: 100 }, [[0], [1], [2], [3], [4]]],
    ["are full when they read so much", { ...NONE, sizeBytes: 25 }, [[0, 1, 2], [3], [4]]],
  ])("%s", (_, spec, sets) => expect(indexes(datumSets(planned(10, 10, 10, 30, 1), spec, 2))).toEqual(sets));

  test("of nothing are none", () => expect(datumSets([], { ...NONE, number: 3 }, 2)).toEqual([]));
});
