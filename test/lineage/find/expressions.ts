import * as fc from "fast-check";
import type { Expression, Literal } from "../../../src/lineage/find/expression.ts";
import { OPERATORS } from "../../../src/lineage/find/expression.ts";
import type { Field } from "../../../src/lineage/find/fields.ts";
import { FIELD_NAMES, TIME_FIELDS } from "../../../src/lineage/find/fields.ts";
import type { ModelVersionNode, Node, RunNode } from "../../../src/lineage/graph.ts";
import type { NodeRecord } from "../../../src/lineage/store/lineage-index.ts";
import { NODE_KINDS } from "../../../src/lineage/urn.ts";

/** Few words, so that things and expressions often speak of the same. */
const WORDS = ["train", "etl", "5", "5.0", "1.10", "a%", "it's", "", "Train", "0.25"] as const;
const KEYS = ["depth", "a b", "pachyderm.job", "constructor", "`", "5"] as const;
const DAYS = ["2026-01-01", "2026-01-02T03:04:05Z", "2026-01-03 00:00"] as const;
const words = fc.constantFrom(...WORDS);
const numbers = fc.constantFrom(5, 0.25, -1, 1e21, 1.1);
const days = fc.constantFrom(...DAYS).map((text) => new Date(text.includes(" ") ? `${text.replace(" ", "T")}Z` : text));

const fields: fc.Arbitrary<Field> = fc.oneof(
  fc.record({ name: fc.constantFrom(...FIELD_NAMES) }),
  fc.record({ group: fc.constantFrom("params" as const, "metrics" as const, "tags" as const), key: fc.constantFrom(...KEYS) }),
);

function literalsFor(field: Field, texts: fc.Arbitrary<string>): fc.Arbitrary<Literal> {
  if ("name" in field && field.name === "kind") return fc.constantFrom(...NODE_KINDS);
  if ("name" in field && TIME_FIELDS.has(field.name)) return fc.constantFrom(...DAYS);
  if ("name" in field && field.name === "attempt") return fc.constantFrom("true", "false");
  return fc.oneof(texts, numbers);
}

function conditions(fieldsOf: fc.Arbitrary<Field>, texts: fc.Arbitrary<string>): fc.Arbitrary<Expression> {
  return fieldsOf.chain((field): fc.Arbitrary<Expression> => {
    const literals = literalsFor(field, texts);
    return fc.oneof(
      fc.record({
        type: fc.constant("compare" as const),
        field: fc.constant(field),
        operator: fc.constantFrom(...OPERATORS),
        value: literals,
      }),
      fc.record({
        type: fc.constant("in" as const),
        field: fc.constant(field),
        values: fc.array(literals, { minLength: 1, maxLength: 3 }),
      }),
      fc.record({ type: fc.constant("like" as const), field: fc.constant(field), pattern: texts, ignoreCase: fc.boolean() }),
      fc.record({ type: fc.constant("is null" as const), field: fc.constant(field) }),
    );
  });
}

function expressionsOf(leaves: fc.Arbitrary<Expression>): fc.Arbitrary<Expression> {
  return fc.letrec<{ expression: Expression }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 4, depthIdentifier: "find" },
      leaves,
      fc.record({
        type: fc.constantFrom("and" as const, "or" as const),
        operands: fc.array(tie("expression"), { minLength: 2, maxLength: 3 }),
      }),
      fc.record({ type: fc.constant("not" as const), operand: tie("expression") }),
    ),
  })).expression;
}

/** About things as `records` has them. */
export const expressions = expressionsOf(conditions(fields, words));

/** With any text in quotes and any key. */
export const wildExpressions = expressionsOf(
  conditions(
    fc.oneof(fields, fc.record({ group: fc.constant("tags" as const), key: fc.string({ unit: "grapheme", minLength: 1 }) })),
    fc.string({ unit: "grapheme" }),
  ),
);

const maybe = <Value>(values: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> => fc.option(values, { nil: undefined });
const texts = maybe(fc.dictionary(fc.constantFrom(...KEYS), words, { noNullPrototype: true }));

const runNodes: fc.Arbitrary<RunNode> = fc.record({
  kind: fc.constant("run" as const),
  id: fc.constantFrom("0".repeat(32), "1".repeat(32)),
  name: maybe(words),
  state: maybe(words),
  time: maybe(days),
  params: texts,
  tags: texts,
  metrics: maybe(fc.dictionary(fc.constantFrom(...KEYS), fc.oneof(numbers, fc.constant(Number.NaN)), { noNullPrototype: true })),
});

const versionNodes: fc.Arbitrary<ModelVersionNode> = fc.record({
  kind: fc.constant("model-version" as const),
  name: words.filter((word) => word !== ""),
  version: fc.nat(9),
  aliases: maybe(fc.array(words, { maxLength: 3 })),
  stage: maybe(words),
  tags: texts,
});

const commitNodes: fc.Arbitrary<Node> = fc.record({
  kind: fc.constant("commit" as const),
  project: fc.constant("default"),
  repo: fc.constantFrom("train", "etl"),
  type: fc.constant("user" as const),
  id: fc.constantFrom("a".repeat(32), "b".repeat(32)),
  sizeBytes: maybe(fc.nat(9)),
});

export const records: fc.Arbitrary<NodeRecord> = fc.record({
  node: fc.oneof(runNodes, versionNodes, commitNodes),
  rank: fc.constant("source" as const),
  since: maybe(days),
  gone: maybe(days),
  attempt: maybe(fc.constant(true)),
});
