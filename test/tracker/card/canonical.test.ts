import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson, cardDigest } from "../../../src/tracker/card/canonical.ts";
import { runs } from "../../helpers/scale.ts";

/** JSON as it is read back: no -0, which has the same text as 0. */
const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown);

/** The same value with the fields of every object in another order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).toReversed();
  return Object.fromEntries(fields.map(([key, each]) => [key, reversed(each)]));
}

function double(hex: string): number {
  return Buffer.from(hex, "hex").readDoubleBE();
}

describe("canonical JSON", () => {
  test("does not depend on the order of fields", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
      }),
      runs(300),
    );
  });

  test("read again is what it was made from, and has the same text again", () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalJson(value);
        expect(JSON.parse(text)).toEqual(value);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
      runs(300),
    );
  });

  test("of the RFC's example is the RFC's result", () => {
    const example = String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`;
    expect(canonicalJson(JSON.parse(example))).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
  });

  test("sorts keys by UTF-16 units, so that the emoji comes before the ligature", () => {
    const example = String.raw`{
      "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
      "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"
    }`;
    // Read again, an object would list the key 1 first: the text tells the order.
    expect(canonicalJson(JSON.parse(example)).match(/Carriage|One|Control|Latin|Euro|Emoji|Hebrew/g)).toEqual([
      "Carriage",
      "One",
      "Control",
      "Latin",
      "Euro",
      "Emoji",
      "Hebrew",
    ]);
  });

  test.each([
    ["0000000000000000", "0"],
    ["8000000000000000", "0"],
    ["0000000000000001", "5e-324"],
    ["8000000000000001", "-5e-324"],
    ["7fefffffffffffff", "1.7976931348623157e+308"],
    ["ffefffffffffffff", "-1.7976931348623157e+308"],
    ["4340000000000000", "9007199254740992"],
    ["4430000000000000", "295147905179352830000"],
    ["44b52d02c7e14af5", "9.999999999999997e+22"],
    ["44b52d02c7e14af6", "1e+23"],
    ["44b52d02c7e14af7", "1.0000000000000001e+23"],
    ["444b1ae4d6e2ef4e", "999999999999999700000"],
    ["444b1ae4d6e2ef50", "1e+21"],
    ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
    ["3eb0c6f7a0b5ed8d", "0.000001"],
    ["41b3de4355555555", "333333333.3333333"],
    ["becbf647612f3696", "-0.0000033333333333333333"],
    ["43143ff3c1cb0959", "1424953923781206.2"],
  ])("writes the double %s as %s", (hex, text) => {
    expect(canonicalJson(double(hex))).toBe(text);
  });

  test("leaves out fields that are undefined, as JSON does", () => {
    expect(canonicalJson({ b: undefined, a: { c: undefined } })).toBe('{"a":{}}');
  });

  test.each([
    ["NaN", NaN],
    ["Infinity", [Infinity]],
    ["undefined", [undefined]],
    ["valid Unicode", { a: "\uDEAD" }],
    ["Date", { a: new Date(0) }],
    ["bigint", 1n],
  ])("refuses %s", (what, value) => {
    expect(() => canonicalJson(value)).toThrow(
      expect.objectContaining({ code: "USAGE", message: expect.stringContaining(what) }),
    );
  });
});

describe("the digest of a card", () => {
  test("is that of the canonical form without the digest itself", () => {
    const digest = `sha256:${createHash("sha256").update('{"a":1,"b":[]}').digest("hex")}`;
    expect(cardDigest({ b: [], a: 1 })).toBe(digest);
    expect(cardDigest({ digest, a: 1, b: [] })).toBe(digest);
    expect(cardDigest({ a: 2, b: [] })).not.toBe(digest);
  });
});
