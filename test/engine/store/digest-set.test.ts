import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { DigestSet } from "../../../src/engine/store/digest-set.ts";

const digest = (number: number): string => createHash("sha256").update(String(number)).digest("hex");

test("a set of digests behaves like a Set", () => {
  const property = fc.property(fc.array(fc.nat(5000), { maxLength: 5000, size: "max" }), (numbers) => {
    const expected = new Set<number>();
    const found = new DigestSet();
    for (const number of numbers) {
      expect(found.add(digest(number))).toBe(!expected.has(number));
      expected.add(number);
    }
    for (let number = 0; number <= 5000; number += 7) expect(found.has(digest(number))).toBe(expected.has(number));
  });
  fc.assert(property, { numRuns: 20 });
});

test("digests that begin alike are told apart", () => {
  const found = new DigestSet();
  const alike = [1, 2, 3].map((number) => `00000007${digest(number).slice(8)}`);
  for (const each of alike) expect(found.has(each) || !found.add(each)).toBe(false);
  for (const each of alike) expect(found.has(each)).toBe(true);
});
