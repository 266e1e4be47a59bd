import type { NodeKind } from "../urn.ts";
import { NODE_KINDS } from "../urn.ts";
import type { Condition, Expression } from "./expression.ts";
import { kindsWith } from "./fields.ts";

/** The kinds of which a thing may be if an expression holds of it: only these have to be looked at. */
export function possibleKinds(expression: Expression): readonly NodeKind[] {
  switch (expression.type) {
    case "and": {
      const sets = expression.operands.map((operand) => new Set(possibleKinds(operand)));
      return NODE_KINDS.filter((kind) => sets.every((set) => set.has(kind)));
    }
    case "or": {
      const all = new Set(expression.operands.flatMap(possibleKinds));
      return NODE_KINDS.filter((kind) => all.has(kind));
    }
    case "not":
      return NODE_KINDS;
    default:
      return kindsOf(expression);
  }
}

function kindsOf(condition: Condition): readonly NodeKind[] {
  const { field, type } = condition;
  // Absence is of all kinds.
  if (type === "is null") return NODE_KINDS;
  if (!("name" in field) || field.name !== "kind") return kindsWith(field);
  if (type === "in") return NODE_KINDS.filter((kind) => condition.values.includes(kind));
  if (type === "compare" && condition.operator === "=") return NODE_KINDS.filter((kind) => kind === condition.value);
  return NODE_KINDS;
}
