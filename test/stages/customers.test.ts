import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bucketFolders,
  bucketOf,
  bucketsFor,
  customerFolder,
  LowestCustomers,
  mixCustomers,
} from "../../src/stages/customers.ts";

const names = fc.array(fc.string({ minLength: 1, maxLength: 12 }), { maxLength: 40 });

describe("buckets", () => {
  test("a customer's bucket never changes: it is the CRC-32 of the name, modulo the number of buckets", () => {
    const names = ["C1231006815", "C1666544295", "C1305486145", "é", ""];
    // By Python: [zlib.crc32(name.encode("latin-1")) % 8 for name in names]
    expect(names.map((name) => bucketOf(name, 8))).toEqual([7, 7, 1, 1, 0]);
  });

  test("customers spread evenly", () => {
    const sizes = Array.from({ length: 8 }, () => 0);
    for (let number = 0; number < 80_000; number++) {
      const bucket = bucketOf(`C${number}`, 8);
      sizes[bucket] = (sizes[bucket] ?? 0) + 1;
    }
    expect(Math.min(...sizes)).toBeGreaterThan(9500);
    expect(Math.max(...sizes)).toBeLessThan(10_500);
  });

  test("their folders have as many digits as the last one needs, so that they sort", () => {
    expect(bucketFolders(3)).toEqual(["bucket-00", "bucket-01", "bucket-02"]);
    const folders = bucketFolders(200);
    expect(folders.slice(-2)).toEqual(["bucket-198", "bucket-199"]);
    expect(folders.toSorted()).toEqual(folders);
  });

  const MIB = 1024 * 1024;
  test.each([
    ["nothing", 0, 8],
    ["256 MiB", 256 * MIB, 8],
    ["a byte more", 256 * MIB + 1, 16],
    ["the whole PaySim table", 493_534_783, 16],
    ["the table and a day more", (493_534_783 * 31) / 30, 16],
    ["ten times the table", 10 * 493_534_783, 256],
  ])("of %s are as many as hold at most 32 MiB each, eight at least, by doubling", (_, bytes, buckets) => {
    expect(bucketsFor(bytes)).toBe(buckets);
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
