import type { Field } from "./fields.ts";

/** What is asked of a thing: `kind = run and metrics.auc > 0.9`. */
export type Expression =
  | { readonly type: "and"; readonly operands: readonly Expression[] }
  | { readonly type: "or"; readonly operands: readonly Expression[] }
  | { readonly type: "not"; readonly operand: Expression }
  | Condition;

/** One question about one of its facts. */
export type Condition =
  | { readonly type: "compare"; readonly field: Field; readonly operator: Operator; readonly value: Literal }
  | { readonly type: "in"; readonly field: Field; readonly values: readonly Literal[] }
  | { readonly type: "like"; readonly field: Field; readonly pattern: string; readonly ignoreCase: boolean }
  | { readonly type: "is null"; readonly field: Field };

export const OPERATORS = ["=", "!=", "<=", "<", ">=", ">"] as const;
export type Operator = (typeof OPERATORS)[number];

/** A text, which is written in quotes, or a number, without. */
export type Literal = string | number;
