import type { NodeRecord } from "../store/lineage-index.ts";
import type { Condition, Expression, Literal, Operator } from "./expression.ts";
import type { Value } from "./fields.ts";
import { valuesAt } from "./fields.ts";
import { isLike } from "./like.ts";
import { parseTimeText } from "./times.ts";

/** Whether an expression holds of a thing. What it does not have is equal to nothing, and unequal to nothing either. */
export function isTrueOf(expression: Expression, record: NodeRecord): boolean {
  switch (expression.type) {
    case "and":
      return expression.operands.every((operand) => isTrueOf(operand, record));
    case "or":
      return expression.operands.some((operand) => isTrueOf(operand, record));
    case "not":
      return !isTrueOf(expression.operand, record);
    default:
      return holds(expression, valuesAt(record, expression.field));
  }
}

function holds(condition: Condition, values: readonly Value[]): boolean {
  switch (condition.type) {
    case "is null":
      return values.length === 0;
    case "in":
      return values.some((value) => condition.values.some((literal) => order(value, literal) === 0));
    case "like":
      return values.some((value) => isLikeText(textOf(value), condition));
    case "compare":
      break;
  }
  // Of several values none may be equal for "unequal".
  if (condition.operator === "!=") return values.length > 0 && values.every((value) => order(value, condition.value) !== 0);
  return values.some((value) => compares(order(value, condition.value), condition.operator));
}

function isLikeText(text: string, { pattern, ignoreCase }: Extract<Condition, { type: "like" }>): boolean {
  return ignoreCase ? isLike(text.toLowerCase(), pattern.toLowerCase()) : isLike(text, pattern);
}

/**
 * Below zero, zero or above, as a value comes before, is, or comes after a literal. Undefined where that cannot be said. As numbers
 * where one is a number and the other reads as one: `params.depth > 5`, but `params.version = '1.10'` compares texts.
 */
function order(value: Value, literal: Literal): number | undefined {
  if (value instanceof Date) return orNothing(value.getTime() - (parseTimeText(String(literal))?.getTime() ?? Number.NaN));
  if (typeof value !== "number" && typeof literal !== "number") return orderOfTexts(textOf(value), literal);
  const [a, b] = [numberOf(value), numberOf(literal)];
  return a === b ? 0 : orNothing(a - b);
}

function orderOfTexts(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** NaN for what reads as no number: a blank is none. */
function numberOf(value: string | number | boolean): number {
  return typeof value === "number" ? value : typeof value === "boolean" || value.trim() === "" ? Number.NaN : Number(value);
}

function orNothing(difference: number): number | undefined {
  return Number.isNaN(difference) ? undefined : difference;
}

function compares(order: number | undefined, operator: Operator): boolean {
  if (order === undefined) return operator === "!=";
  switch (operator) {
    case "=":
      return order === 0;
    case "!=":
      return order !== 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      break;
  }
  return order >= 0;
}

function textOf(value: Value): string {
  return value instanceof Date ? value.toISOString() : String(value);
}
