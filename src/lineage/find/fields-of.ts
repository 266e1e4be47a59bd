import type { Expression } from "./expression.ts";
import type { Field } from "./fields.ts";
import { fieldText } from "./format.ts";

/** The fields that an expression asks for, each once, as they come. */
export function fieldsOf(expression: Expression): readonly Field[] {
  return [...new Map(allFields(expression).map((field) => [fieldText(field), field])).values()];
}

function allFields(expression: Expression): readonly Field[] {
  switch (expression.type) {
    case "and":
    case "or":
      return expression.operands.flatMap(allFields);
    case "not":
      return allFields(expression.operand);
    default:
      return [expression.field];
  }
}
