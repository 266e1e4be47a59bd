import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sync } from "../../src/collect/sync.ts";
import { dump } from "../../src/lineage/store/dump.ts";
import { LineageIndex } from "../../src/lineage/store/lineage-index.ts";
import { randomFrom } from "../../src/stages/random.ts";
import { count, runs } from "../helpers/scale.ts";
import { disagreements } from "./check-answers.ts";
import { comparableDump } from "./compare-dumps.ts";
import { anyHistory } from "./history.ts";
import type { Operation } from "./history.ts";
import { Observer } from "./observer.ts";

/** Of each kind, for each history. */
const QUESTIONS = 3;

test("every answer is that of a brute force that knows what truly happened", { timeout: 3_600_000 }, async () => {
  const property = fc.asyncProperty(anyHistory, fc.nat({ max: 9999 }), async (history: readonly Operation[], seed) => {
    using observer = new Observer();
    for (const operation of history) await observer.do(operation);
    await observer.sync(true);
    expect(await Array.fromAsync(disagreements(observer, randomFrom(seed), QUESTIONS))).toEqual([]);
    using fresh = new LineageIndex(":memory:");
    await sync(fresh, observer.sources, { full: true, now: () => observer.world.now });
    expect(comparableDump(observer.ledger, dump(observer.index))).toEqual(comparableDump(observer.ledger, dump(fresh)));
  });
  // The same histories each time here; a long run draws others.
  await fc.assert(property, count(0) === 0 ? { seed: 11, ...runs(200) } : runs(200));
});
