import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Remote } from "../faults/remote.ts";
import { type TestEngine, startTestEngine } from "../helpers/engine.ts";
import { count, runs } from "../helpers/scale.ts";
import { anyStep } from "./operations/steps.ts";
import { World } from "./operations/world.ts";

/** On average. */
const STEPS_PER_RUN = 50;
const STEPS = count(5000);
const CHECK_EVERY = 50;

let engine: TestEngine;
let remote: Remote;
beforeAll(async () => {
  engine = await startTestEngine({ env: { STEMMA_SANDBOX: "rewrite" } });
  remote = new Remote(engine.engine.address);
});
afterAll(async () => {
  remote[Symbol.dispose]();
  await engine.close();
});

test(`${STEPS} random operations do to the engine what they do to a model of plain maps`, { timeout: STEPS * 100 }, async () => {
  let run = 0;
  const steps = fc.noBias(fc.array(anyStep, { maxLength: 2 * STEPS_PER_RUN, size: "max" }));
  const property = fc.asyncProperty(steps, async (steps) => {
    run += 1;
    const world = new World(remote, `r${run}_`);
    try {
      await world.begin();
      for (const [index, step] of steps.entries()) {
        expect(await world.take(step)).toBeUndefined();
        if ((index + 1) % CHECK_EVERY === 0) expect(await world.check()).toBeUndefined();
      }
      expect(await world.check()).toBeUndefined();
      expect(await Array.fromAsync(remote.client.checkStore())).toEqual([]);
    } finally {
      await world.clear();
    }
    await Array.fromAsync(remote.client.collectGarbage());
  });
  await fc.assert(property, { ...runs(1), numRuns: Math.ceil(STEPS / STEPS_PER_RUN) });
});
