import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StemmaError } from "../../../src/lineage/errors.ts";
import { isTrueOf } from "../../../src/lineage/find/evaluate.ts";
import type { Expression, Literal } from "../../../src/lineage/find/expression.ts";
import type { Field } from "../../../src/lineage/find/fields.ts";
import { find } from "../../../src/lineage/find/find.ts";
import { formatExpression } from "../../../src/lineage/find/format.ts";
import { isLike } from "../../../src/lineage/find/like.ts";
import { parseExpression } from "../../../src/lineage/find/parse.ts";
import { referenceTo } from "../../../src/lineage/reference.ts";
import type { NodeRecord } from "../../../src/lineage/store/lineage-index.ts";
import { LineageIndex } from "../../../src/lineage/store/lineage-index.ts";
import { formatUrn } from "../../../src/lineage/urn.ts";
import { runs } from "../../helpers/scale.ts";
import { expressions, records, wildExpressions } from "./expressions.ts";

/** A run with this and that known of it. */
function run(facts: object, digit = "1"): NodeRecord {
  return { node: { kind: "run", id: digit.repeat(32), ...facts }, rank: "source" };
}

function holds(text: string, record: NodeRecord): boolean {
  return isTrueOf(parseExpression(text), record);
}

function complaint(text: string): string {
  try {
    parseExpression(text);
  } catch (error) {
    if (error instanceof StemmaError && error.code === "USAGE") return error.message;
    throw error;
  }
  return "";
}

describe("the language", () => {
  test("parse is the inverse of format", () => {
    fc.assert(
      fc.property(wildExpressions, (expression) => {
        expect(parseExpression(formatExpression(expression))).toEqual(expression);
      }),
      runs(300),
    );
  });

  test.each([
    ["a = 1 or kind = run and not name = 'x'", 'column 1: there is no field "a"; there are kind, name'],
    ["kind = runn", 'column 8: there is no kind "runn" (did you mean run?)'],
    ["kin = run", 'column 1: there is no field "kin" (did you mean kind?)'],
    ["kind run", "column 6: expected =, !=, <, <=, >, >=, in, like, ilike or is, not run"],
    ["kind = run name = 'x'", "column 12: expected and, or, or the end, not name"],
    ["(kind = run", "column 12: expected and, or, or ), and it ends there"],
    ["name = 'train", "column 8: the ' is not closed"],
    ["params = 5", "column 8: expected . and a key after params, not ="],
    ["params.a ! 5", 'column 10: "!" means nothing there'],
    ["name like train", "column 11: expected a text in quotes, such as 'train%', not train"],
    ["name in 'a'", "column 9: expected ( and a list of values, not 'a'"],
    ["name in ('a' 'b')", "column 14: expected , or ), not 'b'"],
    ["name not = 'a'", "column 10: expected in, like or ilike, not ="],
    ["time > 2026", "column 8: expected a time, such as '2026-01-31', not 2026"],
    ["time > 'May'", "column 8: \"May\" is no time; expected one such as '2026-01-31' or '2026-01-31T08:00Z'"],
    ["name is 5", "column 9: expected null, not 5"],
    ["", "column 1: expected a field, such as kind, name or params.depth, and it ends there"],
    [`${"(".repeat(300)}kind = run`, "column 201: there are more than 200 levels of parentheses and nots"],
  ])("%s is refused with its column and what was expected", (text, message) => {
    expect(complaint(text)).toContain(`in the expression, ${message}`);
    expect(complaint(text)).not.toContain("\n");
  });

  test("or binds least, then and, then not", () => {
    expect(formatExpression(parseExpression("kind = run OR name = 'a' AND NOT state = 'x' AND time is not null"))).toBe(
      "kind = 'run' or (name = 'a' and not state = 'x' and not time is null)",
    );
  });

  test("keys are words with dots, or anything in backticks; the words of MLflow's language are taken, too", () => {
    const text = "metric.m-1.val/auc > .5";
    expect(complaint(text)).toContain("column 22");
    expect(
      formatExpression(parseExpression('metric.val/auc > -0.5 and tag.`a ``b`` c` = "it\'s" and parameter.l2.5 != 1e3')),
    ).toBe("metrics.val/auc > -0.5 and tags.`a ``b`` c` = 'it''s' and params.`l2.5` != 1000");
  });
});

describe("what holds", () => {
  const trained = run({
    name: "train@1",
    state: "finished",
    time: new Date("2026-01-01T12:00:00Z"),
    params: { depth: "5", version: "1.10", constructor: "x" },
    metrics: { auc: 0.95, loss: Number.NaN },
    tags: { team: "b" },
  });

  test.each([
    "kind = run and metrics.auc > 0.9 and params.depth = '5' and tags.team != 'a' and time >= '2026-01-01' and name like 'train%'",
    "params.depth = 5",
    "params.depth < 10",
    "metrics.auc > '0.9'",
    "params.version = '1.10'",
    "params.version = 1.1",
    "params.constructor = 'x'",
    "name ilike 'TRAIN__'",
    "time < '2026-01-01T14:00:00+01:00'",
    "time > '2026-01-01 11:59'",
    "state in ('failed', 'finished')",
    "tags.team not in ('a')",
    "tags.other is null",
    "not tags.other = 'a'",
    "attempt = false",
    "kind != commit",
    "not (metrics.loss > 0 or metrics.loss <= 0)",
  ])("%s", (text) => {
    expect(holds(text, trained)).toBe(true);
  });

  test.each([
    "params.version = '1.1'",
    "tags.other != 'a'",
    "metrics.loss = 5",
    "name like 'TRAIN%'",
    "params.toString is not null",
    "name > 5",
    "gone > '2000-01-01'",
  ])("but not %s", (text) => {
    expect(holds(text, trained)).toBe(false);
  });

  test("of several aliases one that is equal is enough, and for unequal none may be", () => {
    const version: NodeRecord = {
      node: { kind: "model-version", name: "fraud", version: 1, aliases: ["a", "b"] },
      rank: "source",
    };
    expect(["alias = 'b'", "alias != 'b'", "alias != 'c'"].map((text) => holds(text, version))).toEqual([true, false, true]);
  });

  test("another evaluator, written on its own, agrees", () => {
    fc.assert(
      fc.property(expressions, records, (expression, record) => {
        expect(isTrueOf(expression, record)).toBe(naively(expression, record));
      }),
      runs(1000),
    );
  });

  test("like agrees with a regular expression, and stays quick where that would not end", () => {
    const alphabet = fc.constantFrom("a", "b", "%", "_", "😀", "\n");
    fc.assert(
      fc.property(fc.string({ unit: alphabet }), fc.string({ unit: alphabet }), (text, pattern) => {
        expect(isLike(text, pattern)).toBe(likeRegExp(pattern, "").test(text));
      }),
      runs(500),
    );
    expect(isLike("a".repeat(5000), `${"%a".repeat(500)}%b`)).toBe(false);
  });
});

describe("find", () => {
  test("gives what holds among all things, newest first, then by URN, and counts what is beyond the limit", () => {
    const many = fc.uniqueArray(records, { maxLength: 8, selector: ({ node }) => formatUrn(node) });
    fc.assert(
      fc.property(many, expressions, fc.nat(4), (list, expression, limit) => {
        using index = new LineageIndex(":memory:");
        index.write((writer) => {
          for (const record of list) writer.say({ ...record, edges: [] });
        });
        const expected = list
          .filter((record) => naively(expression, record))
          .map((record) => ({ urn: formatUrn(record.node), timeMs: (record.node.time ?? record.since)?.getTime() ?? -1 }))
          .toSorted((a, b) => b.timeMs - a.timeMs || (a.urn < b.urn ? -1 : 1))
          .map(({ urn }) => urn);
        const all = find(index, expression);
        expect(all.records.map(({ node }) => formatUrn(node))).toEqual(expected);
        const some = find(index, expression, limit + 1);
        expect(some).toEqual({ records: all.records.slice(0, limit + 1), total: expected.length });
      }),
      runs(150),
    );
  });
});

/** The language once more: by way of plain texts and regular expressions. */
function naively(expression: Expression, record: NodeRecord): boolean {
  if (expression.type === "and" || expression.type === "or") {
    const answers = new Set(expression.operands.map((each) => naively(each, record)));
    return expression.type === "and" ? !answers.has(false) : answers.has(true);
  }
  if (expression.type === "not") return !naively(expression.operand, record);
  const values = naiveValues(expression.field, record);
  if (expression.type === "is null") return values.length === 0;
  if (expression.type === "like")
    return values.some((value) => {
      const text = value instanceof Date ? value.toISOString() : String(value);
      return likeRegExp(expression.pattern, expression.ignoreCase ? "i" : "").test(text);
    });
  const literals = expression.type === "in" ? expression.values : [expression.value];
  const operator = expression.type === "in" ? "=" : expression.operator;
  const results = values.map((value) =>
    literals.some((literal) => naiveCompare(value, operator === "!=" ? "=" : operator, literal)),
  );
  return operator === "!=" ? results.length > 0 && !results.includes(true) : results.includes(true);
}

function naiveValues(field: Field, { node, since, gone, attempt }: NodeRecord): unknown[] {
  const all = node as unknown as Readonly<Record<string, unknown>>;
  if (!("name" in field))
    return Object.entries(all[field.group] ?? {}).flatMap(([key, value]) => (key === field.key ? [value] : []));
  const { repo, name, sizeBytes, aliases, stage, version } = all;
  const special: Readonly<Record<string, unknown>> = {
    name: node.kind === "commit" ? repo : name,
    id: all["id"],
    urn: formatUrn(node),
    reference: referenceTo(node),
    time: node.time ?? since,
    since,
    gone,
    attempt: attempt === true,
    size: sizeBytes,
    alias: aliases,
    stage,
    version,
    kind: node.kind,
    state: node.state,
    project: all["project"],
  };
  const value = special[field.name];
  if (Array.isArray(value)) return value as unknown[];
  return value === undefined ? [] : [value];
}

function naiveCompare(value: unknown, operator: string, literal: Literal): boolean {
  if (value instanceof Date) {
    const text = String(literal);
    const time = Date.parse(/[ T]/.test(text) && !text.endsWith("Z") ? `${text}Z` : text);
    return by(value.getTime(), operator, time);
  }
  if (typeof value !== "number" && typeof literal !== "number") return by(String(value), operator, literal);
  const [a, b] = [value, literal].map((each) => (each === "" || typeof each === "boolean" ? Number.NaN : Number(each)));
  return by(a ?? 0, operator, b ?? 0);
}

function by<Value extends string | number>(a: Value, operator: string, b: Value): boolean {
  return { "=": a === b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b }[operator] ?? false;
}

function likeRegExp(pattern: string, flags: string): RegExp {
  const parts = Array.from(
    pattern,
    (each) => ({ "%": "[^]*", _: "[^]" })[each] ?? each.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`),
  );
  return new RegExp(`^${parts.join("")}$`, `u${flags}`);
}
