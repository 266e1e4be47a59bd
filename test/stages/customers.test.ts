import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bucketFolder, customerFolder, LowestCustomers, mixCustomers } from "../../src/stages/customers.ts";

const names = fc.array(fc.string({ minLength: 1, maxLength: 12 }), { maxLength: 40 });

describe("buckets", () => {
  test("a customer's bucket never changes", () => {
    expect(["C1231006815", "C1666544295", "C1305486145", ""].map((name) => bucketFolder(name, 8))).toMatchInlineSnapshot(`
      [
        "bucket-07",
        "bucket-05",
        "bucket-00",
        "bucket-01",
      ]
    `);
  });

  test("customers spread evenly", () => {
    const sizes = new Map<string, number>();
    for (let number = 0; number < 80_000; number++) {
      const bucket = bucketFolder(`C${number}`, 8);
      sizes.set(bucket, (sizes.get(bucket) ?? 0) + 1);
    }
    expect(sizes.size).toBe(8);
    expect(Math.min(...sizes.values())).toBeGreaterThan(9500);
    expect(Math.max(...sizes.values())).toBeLessThan(10_500);
  });

  test("bucket names have as many digits as the last one needs, so that they sort", () => {
    const folders = Array.from({ length: 500 }, (_, number) => bucketFolder(`C${number}`, 200));
    expect(folders.every((folder) => /^bucket-[01]\d\d$/.test(folder))).toBe(true);
    expect(bucketFolder("C1", 1)).toBe("bucket-00");
  });
});

describe("customer folders", () => {
  test.each([
    ["C123", "C123"],
    ["..", "%2E%2E"],
    ["../../etc", "%2E%2E%2F%2E%2E%2Fetc"],
    ["Smith, J.", "Smith%2C%20J%2E"],
    ["\0", "%00"],
  ])("%j is the folder %s", (name, folder) => {
    expect(customerFolder(name)).toBe(folder);
  });

  test("two customers never share one", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary-ascii", maxLength: 20 }),
        fc.string({ unit: "binary-ascii", maxLength: 20 }),
        (a, b) => {
          expect(customerFolder(a) === customerFolder(b)).toBe(a === b);
        },
      ),
    );
  });

  test("a name that no folder can have is refused", () => {
    expect(() => customerFolder("x".repeat(201))).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});

describe("a subsample", () => {
  test("is the same in whatever order customers come", () => {
    fc.assert(
      fc.property(names, fc.integer({ min: 1, max: 10 }), (offered, limit) => {
        const lowest = (order: readonly string[]): string[] => {
          const customers = new LowestCustomers(limit);
          for (const name of order) customers.offer(name);
          return customers.take();
        };
        expect(lowest(offered.toReversed())).toEqual(lowest(offered));
        expect(lowest(offered)).toHaveLength(Math.min(limit, new Set(offered).size));
      }),
    );
  });

  test("stays the same when there are far more customers than it remembers", () => {
    const customers = new LowestCustomers(3);
    const other = new LowestCustomers(3);
    for (let number = 0; number < 5000; number++) {
      customers.offer(`C${number}`);
      other.offer(`C${4999 - number}`);
    }
    expect(other.take()).toEqual(customers.take());
  });

  test.each([
    { withFraud: 10, others: 10, count: 4, frauds: 2 },
    { withFraud: 10, others: 10, count: 5, frauds: 3 },
    { withFraud: 1, others: 10, count: 4, frauds: 1 },
    { withFraud: 10, others: 1, count: 4, frauds: 3 },
    { withFraud: 1, others: 1, count: 4, frauds: 1 },
    { withFraud: 0, others: 3, count: 2, frauds: 0 },
  ])(
    "of $count out of $withFraud with fraud and $others others has $frauds with fraud",
    ({ withFraud, others, count, frauds }) => {
      const mixed = [...mixCustomers(customers("f", withFraud), customers("o", others), count)];
      expect(mixed.filter((name) => name.startsWith("f"))).toHaveLength(frauds);
      expect(mixed).toHaveLength(Math.min(count, withFraud + others));
    },
  );
});

function customers(kind: string, length: number): string[] {
  return Array.from({ length }, (_, number) => `${kind}${number}`);
}
