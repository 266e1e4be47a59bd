import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findDoubled } from "../../../src/tracker/reconcile/doubled.ts";
import { runs } from "../../helpers/scale.ts";
import { trackedRun } from "./tracked-run.ts";

const NOW = new Date("2026-11-21T12:00:00Z");
const some = fc.uniqueArray(
  fc.record({
    id: fc.stringMatching(/^[0-9a-f]{32}$/),
    key: fc.constantFrom("a", "b", "c"),
    experimentId: fc.constantFrom("1", "2"),
    startTime: fc.integer({ min: 0, max: 3 }).map((ms) => new Date(ms)),
  }),
  { selector: ({ id }) => id },
);

describe("runs that were made twice", () => {
  test("whoever looks, in whatever order, closes the same ones", () => {
    fc.assert(
      fc.property(some, fc.array(fc.nat()), (told, order) => {
        const tracked = told.map((run) => trackedRun(run));
        const shuffled = tracked.toSorted((a, b) => (order[tracked.indexOf(a)] ?? 0) - (order[tracked.indexOf(b)] ?? 0));
        const losers = (list: typeof tracked): ReadonlySet<unknown> => new Set(findDoubled(list, NOW).map(({ run }) => run));
        expect(losers(shuffled)).toEqual(losers(tracked));
      }),
      runs(100),
    );
  });

  test("of each work one stays, the first by start and id, and then nothing is doubled", () => {
    fc.assert(
      fc.property(some, (told) => {
        const tracked = told.map((run) => trackedRun(run));
        const losers = new Set(findDoubled(tracked, NOW).map(({ run }) => run));
        const left = tracked.filter(({ run }) => !losers.has(run.id));
        expect(findDoubled(left, NOW)).toEqual([]);
        expect(left).toHaveLength(new Set(told.map(({ experimentId, key }) => `${experimentId} ${key}`)).size);
        for (const { run, key } of left) {
          const rivals = tracked.filter((other) => other.key === key && other.run.experimentId === run.experimentId);
          expect(rivals.every((other) => other.run.startTime >= run.startTime)).toBe(true);
        }
      }),
      runs(100),
    );
  });
});
