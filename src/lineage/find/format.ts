import type { Expression, Literal } from "./expression.ts";
import type { Field } from "./fields.ts";

const PLAIN_KEY = /^[\p{L}_][\p{L}\p{N}_:/-]*(?:\.[\p{L}_][\p{L}\p{N}_:/-]*)*$/u;

/** The inverse of `parseExpression`. */
export function formatExpression(expression: Expression): string {
  switch (expression.type) {
    case "and":
    case "or":
      return expression.operands.map(formatOperand).join(` ${expression.type} `);
    case "not":
      return `not ${formatOperand(expression.operand)}`;
    case "compare":
      return `${fieldText(expression.field)} ${expression.operator} ${formatLiteral(expression.value)}`;
    case "in":
      return `${fieldText(expression.field)} in (${expression.values.map(formatLiteral).join(", ")})`;
    case "like":
      return `${fieldText(expression.field)} ${expression.ignoreCase ? "ilike" : "like"} ${formatLiteral(expression.pattern)}`;
    case "is null":
      break;
  }
  return `${fieldText(expression.field)} is null`;
}

function formatOperand(expression: Expression): string {
  const text = formatExpression(expression);
  return expression.type === "and" || expression.type === "or" ? `(${text})` : text;
}

/** A field as it is written in an expression. */
export function fieldText(field: Field): string {
  if ("name" in field) return field.name;
  const { group, key } = field;
  return `${group}.${PLAIN_KEY.test(key) ? key : `\`${key.replaceAll("`", "``")}\``}`;
}

function formatLiteral(value: Literal): string {
  return typeof value === "number" ? String(value) : `'${value.replaceAll("'", "''")}'`;
}
