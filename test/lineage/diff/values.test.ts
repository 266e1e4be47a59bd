import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { leavesOf } from "../../../src/lineage/diff/json-paths.ts";
import { compareMetrics } from "../../../src/lineage/diff/metrics.ts";
import { compareValues } from "../../../src/lineage/diff/values.ts";
import { runs } from "../../helpers/scale.ts";

describe("values of two sides", () => {
  test("are compared by name", () => {
    expect(compareValues({ a: "1", b: "2" }, { b: "3", c: "4", d: undefined })).toEqual([
      { name: "a", before: "1", after: undefined, changed: true },
      { name: "b", before: "2", after: "3", changed: true },
      { name: "c", before: undefined, after: "4", changed: true },
    ]);
  });

  test("named like what every object has are values as any other", () => {
    expect(compareValues({ constructor: "1" }, {})).toEqual([
      { name: "constructor", before: "1", after: undefined, changed: true },
    ]);
  });
});

describe("metrics of two sides", () => {
  test("are ranked: what one side lacks, what came from 0, then by relative change; the machine's last", () => {
    const before = { small: 100, large: 1, zero: 0, same: 5, "system/cpu": 1, gone: 1 };
    const after = { small: 101, large: 0.5, zero: 1, same: 5, "system/cpu": 9 };
    expect(compareMetrics(before, after).map(({ name, relative, changed }) => [name, relative, changed])).toEqual([
      ["gone", undefined, true],
      ["zero", undefined, true],
      ["large", -0.5, true],
      ["small", 0.01, true],
      ["same", 0, false],
      ["system/cpu", 8, true],
    ]);
  });

  test("that are no numbers twice are equal", () => {
    expect(compareMetrics({ loss: Number.NaN }, { loss: Number.NaN })).toMatchObject([{ changed: false, difference: undefined }]);
    expect(compareMetrics({ loss: 0 }, { loss: -0 })).toMatchObject([{ changed: false }]);
  });
});

describe("the leaves of a JSON value", () => {
  test("are named by their paths", () => {
    expect(leavesOf({ transform: { cmd: ["a", "b"], env: {} }, "odd key": null })).toEqual({
      "transform.cmd[0]": '"a"',
      "transform.cmd[1]": '"b"',
      "transform.env": "{}",
      '["odd key"]': "null",
    });
  });

  test("differ if and only if the values do", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const differ = compareValues(leavesOf(a), leavesOf(b)).some(({ changed }) => changed);
        expect(differ).toBe(canonical(a) !== canonical(b));
      }),
      runs(200),
    );
  });
});

/** As JSON, with sorted keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}
