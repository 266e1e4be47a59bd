import { statSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { type Item, countOf } from "../../../src/tracker/delivery/items.ts";
import { Spool } from "../../../src/tracker/delivery/spool.ts";
import { runs } from "../../helpers/scale.ts";
import { makeFolder } from "../harness.ts";
import { anyItem } from "./any-item.ts";

const file = join(await makeFolder(), "spool");
const spools: Spool[] = [];

afterEach(() => {
  for (const spool of spools.splice(0)) spool.close();
});

function openSpool(limitBytes = Infinity): Spool {
  const spool = new Spool(file, limitBytes);
  spools.push(spool);
  return spool;
}

function tag(value: string): Item {
  return { kind: "tags", tags: { key: value } };
}

describe("Spool", () => {
  test("entries come back as they were, in any order and more than once", () => {
    fc.assert(
      fc.property(fc.array(anyItem, { maxLength: 20 }), (items) => {
        const spool = openSpool();
        const entries = items.map((item) => spool.append(item));
        expect(entries.map((entry) => [entry?.kind, entry?.count])).toEqual(items.map((item) => [item.kind, countOf(item)]));
        const read = (): (Item | undefined)[] => entries.map((entry) => entry && spool.read(entry));
        expect(read()).toEqual(items);
        expect(read().toReversed()).toEqual(items.toReversed());
        spools.pop();
        spool.close();
      }),
      runs(50),
    );
  });

  test("what finds no room is refused, and what is there stays", () => {
    const spool = openSpool(100);
    const first = spool.append(tag("a".repeat(30)));
    expect(spool.append(tag("b".repeat(60)))).toBeUndefined();
    const last = spool.append(tag("c"));
    expect([first, last].map((entry) => entry && spool.read(entry))).toEqual([tag("a".repeat(30)), tag("c")]);
    expect(statSync(file).size).toBeLessThanOrEqual(100);
  });

  test.runIf(process.platform === "linux")("a disk that is full has no room", () => {
    const spool = new Spool("/dev/full", 100);
    spools.push(spool);
    expect(spool.append(tag("a"))).toBeUndefined();
  });

  test("takes no room when nothing waits, and has all of it again", () => {
    const spool = openSpool(100);
    for (let round = 0; round < 50; round++) {
      const entries = ["x", "y"].map((value) => spool.append(tag(`${value}${round}`)));
      expect(entries.map((entry) => entry && spool.read(entry))).toEqual([tag(`x${round}`), tag(`y${round}`)]);
      spool.release();
      expect(statSync(file).size).toBeGreaterThan(0);
      spool.release();
      expect(statSync(file).size).toBe(0);
    }
  });
});
