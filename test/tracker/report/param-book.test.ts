import * as fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { Complaints } from "../../../src/tracker/report/complaints.ts";
import { ParamBook, longParamPath } from "../../../src/tracker/report/param-book.ts";
import { runs } from "../../helpers/scale.ts";

let said: string[] = [];
let book: ParamBook;

beforeEach(() => {
  said = [];
  book = new ParamBook(new Complaints((line) => said.push(line)));
});

describe("ParamBook", () => {
  test("gives each param once", () => {
    expect(book.accept({ a: "1", b: "2" })).toEqual({ params: { a: "1", b: "2" }, long: [] });
    expect(book.accept({ a: "1", b: "2", c: "3" })).toEqual({ params: { c: "3" }, long: [] });
    expect(book.all).toEqual({ a: "1", b: "2", c: "3" });
    expect(said).toEqual([]);
  });

  test("does not ask MLflow to change a param, whoever has logged it", () => {
    book.learn({ theirs: "1" });
    book.accept({ ours: "1" });
    expect(book.accept({ theirs: "2", ours: "2", good: "3" })).toEqual({ params: { good: "3" }, long: [] });
    expect(book.all).toEqual({ theirs: "1", ours: "1", good: "3" });
    expect(said).toEqual([
      'params: "theirs" was logged as "1" before, and MLflow does not change it to "2"; left out',
      'params: "ours" was logged as "1" before, and MLflow does not change it to "2"; left out',
    ]);
  });

  test("says that in one short line, whatever the values are", () => {
    book.learn({ p: `\u001B[2J${"x\n".repeat(1000)}` });
    book.accept({ p: `other\r\n${"y".repeat(5000)}` });
    expect(said).toEqual([expect.stringMatching(/^params: "p" was logged as [^\p{Cc}]{1,400}; left out$/u)]);
  });

  test("shortens what MLflow cannot keep whole, and names the artifact that is to have it", () => {
    const value = "x".repeat(7000);
    const { params, long } = book.accept({ text: value, short: "1" });
    expect(long).toEqual([{ key: "text", value }]);
    expect(params["short"]).toBe("1");
    expect(params["text"]).toHaveLength(6000);
    expect(params["text"]).toMatch(
      /^x{5000,} \.\.\. \[shortened by stemma: the whole value is the artifact params\/text\.txt\]$/,
    );
    expect(book.all["text"]).toBe(value);
  });

  test("knows a long value again, as an earlier attempt or a client that just cuts it has logged it", () => {
    const value = "x".repeat(7000);
    const { params } = book.accept({ text: value });
    expect(book.accept({ text: value })).toEqual({ params: {}, long: [] });
    for (const logged of [params["text"] ?? "", value.slice(0, 6000)]) {
      const next = new ParamBook(new Complaints((line) => said.push(line)));
      next.learn({ text: logged });
      expect(next.accept({ text: value }).params).toEqual({});
      expect(next.all).toEqual({ text: value });
    }
    expect(said).toEqual([]);
  });

  test("two keys have two artifacts", () => {
    expect(new Set(["a/b", "a:b", "a_b", "a b"].map(longParamPath)).size).toBe(4);
    expect(Buffer.byteLength(longParamPath("ü".repeat(250)))).toBeLessThanOrEqual(255);
  });

  test("of all that is reported, in any order and again and again, MLflow gets each key once and within its limit", () => {
    const keys = fc.constantFrom("a", "b", "c");
    const values = fc.oneof(
      fc.string(),
      fc.nat(7000).map((size) => "😀".repeat(size)),
    );
    fc.assert(
      fc.property(fc.array(fc.dictionary(keys, values, { noNullPrototype: true }), { maxLength: 6 }), (reports) => {
        const own = new ParamBook(new Complaints(() => {}));
        const given: string[] = [];
        const first = new Map<string, string>();
        for (const report of reports) {
          const { params, long } = own.accept(report);
          given.push(...Object.keys(params));
          for (const [key, value] of Object.entries(report)) if (!first.has(key)) first.set(key, value);
          for (const value of Object.values(params)) expect(Array.from(value).length).toBeLessThanOrEqual(6000);
          for (const { key, value } of long) expect(value).toBe(first.get(key));
        }
        expect(given.sort()).toEqual(Array.from(first.keys()).sort());
        expect(own.all).toEqual(Object.fromEntries(first));
      }),
      runs(50),
    );
  });
});
