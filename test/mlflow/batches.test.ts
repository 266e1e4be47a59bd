import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BATCH_LIMITS, planBatches } from "../../src/mlflow/batches.ts";

const time = new Date(1_700_000_000_000);
const RUN_ID = "0123456789abcdef0123456789abcdef";

const anyBatch = fc.record({
  metrics: fc.array(fc.record({ key: fc.string(), value: fc.double(), step: fc.maxSafeInteger(), time: fc.constant(time) }), {
    maxLength: 2500,
  }),
  params: fc.dictionary(fc.string({ maxLength: 300 }), fc.string({ maxLength: 6000, size: "max" }), { maxKeys: 250 }),
  tags: fc.dictionary(fc.string({ maxLength: 300 }), fc.string({ maxLength: 8000, size: "max" }), { maxKeys: 250 }),
});

function pairs(record: Record<string, string>): { key: string; value: string }[] {
  return Object.entries(record).map(([key, value]) => ({ key, value }));
}

describe("planBatches", () => {
  test("keeps every call within the server's limits, and loses and reorders nothing", () => {
    fc.assert(
      fc.property(anyBatch, (batch) => {
        const plan = [...planBatches(batch)];
        for (const { metrics, params, tags } of plan) {
          expect(metrics.length).toBeLessThanOrEqual(BATCH_LIMITS.metrics);
          expect(params.length).toBeLessThanOrEqual(BATCH_LIMITS.params);
          expect(tags.length).toBeLessThanOrEqual(BATCH_LIMITS.tags);
          expect(metrics.length + params.length + tags.length).toBeLessThanOrEqual(BATCH_LIMITS.total);
          expect(Buffer.byteLength(JSON.stringify({ run_id: RUN_ID, metrics, params, tags }))).toBeLessThan(BATCH_LIMITS.bytes);
        }
        expect(plan.flatMap(({ params }) => params)).toEqual(pairs(batch.params));
        expect(plan.flatMap(({ tags }) => tags)).toEqual(pairs(batch.tags));
        expect(plan.flatMap(({ metrics }) => metrics.map(({ key, step }) => [key, step]))).toEqual(
          batch.metrics.map(({ key, step }) => [key, step]),
        );
      }),
      { numRuns: 30 },
    );
  });

  test("nothing to log is no call", () => {
    expect([...planBatches({})]).toEqual([]);
  });

  test("names the numbers that JSON does not have", () => {
    const metrics = [NaN, Infinity, -Infinity, 0.1].map((value) => ({ key: "m", value, time, step: 0 }));
    expect([...planBatches({ metrics })][0]?.metrics.map(({ value }) => value)).toEqual(["NaN", "Infinity", "-Infinity", 0.1]);
  });

  test("refuses a step that is no whole number, which the server would store as 0", () => {
    expect(() => [...planBatches({ metrics: [{ key: "loss", value: 1, time, step: 1.5 }] })]).toThrow(
      'the metric "loss" has the step 1.5',
    );
  });

  test("cuts long values where the server does, and no character in two", () => {
    const [batch] = [...planBatches({ params: { p: "😀".repeat(7000) }, tags: { t: "x".repeat(9000) } })];
    expect(batch?.params[0]?.value).toBe("😀".repeat(6000));
    expect(batch?.tags[0]?.value).toBe("x".repeat(8000));
  });
});
