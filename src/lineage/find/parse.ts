import { nearestName } from "../nearest.ts";
import { NODE_KINDS } from "../urn.ts";
import type { Condition, Expression, Literal, Operator } from "./expression.ts";
import { OPERATORS } from "./expression.ts";
import type { Field, FieldName, Group } from "./fields.ts";
import { FIELD_NAMES, GROUPS, TIME_FIELDS } from "./fields.ts";
import { parseTimeText } from "./times.ts";
import type { Token } from "./tokens.ts";
import { tokensOf, wrong } from "./tokens.ts";

/** Other names that MLflow's language has for the same. */
const GROUP_NAMES = new Map<string, Group>([
  ...GROUPS.map((group) => [group, group] as const),
  ["param", "params"],
  ["parameter", "params"],
  ["metric", "metrics"],
  ["tag", "tags"],
]);
const RESERVED: ReadonlySet<string> = new Set(["and", "or", "not", "in", "like", "ilike", "is", "null"]);
const DEEPEST = 200;

/** Parses an expression. Throws USAGE with the column and what was expected there. */
export function parseExpression(text: string): Expression {
  return new Parser(tokensOf(text)).whole();
}

/** By recursive descent: `or` binds least, then `and`, then `not`. */
class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Expression {
    const expression = this.#or();
    if (this.#token.type !== "end") throw this.#expected("and, or, or the end");
    return expression;
  }

  #or(): Expression {
    return this.#chain("or", () => this.#and());
  }

  #and(): Expression {
    return this.#chain("and", () => this.#not());
  }

  #chain(type: "and" | "or", read: () => Expression): Expression {
    const first = read();
    const operands = [first];
    while (this.#takeWord(type)) operands.push(read());
    return operands.length === 1 ? first : { type, operands };
  }

  #not(): Expression {
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw wrong(this.#token.at, `there are more than ${DEEPEST} levels of parentheses and nots`);
    const expression = this.#takeWord("not") ? { type: "not" as const, operand: this.#not() } : this.#operand();
    this.#depth -= 1;
    return expression;
  }

  #operand(): Expression {
    if (!this.#takeSymbol("(")) return this.#condition();
    const inner = this.#or();
    if (!this.#takeSymbol(")")) throw this.#expected("and, or, or )");
    return inner;
  }

  #condition(): Expression {
    const field = this.#field();
    const operator = OPERATORS.find((each) => this.#takeSymbol(each));
    if (operator !== undefined) return this.#comparison(field, operator);
    if (this.#takeWord("is")) return negated(this.#takeWord("not"), this.#null(field));
    const isNot = this.#takeWord("not");
    if (this.#takeWord("in")) return negated(isNot, { type: "in", field, values: this.#list(field) });
    if (this.#takeWord("like")) return negated(isNot, this.#like(field, false));
    if (this.#takeWord("ilike")) return negated(isNot, this.#like(field, true));
    throw this.#expected(isNot ? "in, like or ilike" : "=, !=, <, <=, >, >=, in, like, ilike or is");
  }

  #comparison(field: Field, operator: Operator): Condition {
    return { type: "compare", field, operator, value: this.#literal(field) };
  }

  #null(field: Field): Condition {
    if (!this.#takeWord("null")) throw this.#expected("null");
    return { type: "is null", field };
  }

  #like(field: Field, ignoreCase: boolean): Condition {
    const token = this.#token;
    if (token.type !== "string") throw this.#expected("a text in quotes, such as 'train%'");
    this.#next += 1;
    return { type: "like", field, pattern: token.value, ignoreCase };
  }

  #list(field: Field): readonly Literal[] {
    if (!this.#takeSymbol("(")) throw this.#expected("( and a list of values");
    const values = [this.#literal(field)];
    while (this.#takeSymbol(",")) values.push(this.#literal(field));
    if (!this.#takeSymbol(")")) throw this.#expected(", or )");
    return values;
  }

  #field(): Field {
    const token = this.#token;
    const name = token.text.toLowerCase();
    if (token.type !== "word" || RESERVED.has(name)) throw this.#expected("a field, such as kind, name or params.depth");
    this.#next += 1;
    const group = GROUP_NAMES.get(name);
    if (group !== undefined) return { group, key: this.#key(group) };
    const known = FIELD_NAMES.find((each) => each === name);
    if (known !== undefined) return { name: known };
    throw wrong(
      token.at,
      `there is no field "${token.text}"${guess(name, [...FIELD_NAMES, ...GROUPS])}; there are ${FIELD_NAMES.join(", ")}, ${GROUPS.map((each) => `${each}.KEY`).join(", ")}`,
    );
  }

  /** What follows `params.`: in backticks anything, without them words and numbers joined by dots. */
  #key(group: Group): string {
    if (!this.#takeSymbol(".")) throw this.#expected(`. and a key after ${group}`);
    const quoted = this.#token;
    if (quoted.type === "key") {
      this.#next += 1;
      return quoted.value;
    }
    const parts: string[] = [];
    do parts.push(this.#keyPart(group));
    while (this.#takeSymbol("."));
    return parts.join(".");
  }

  #keyPart(group: Group): string {
    const token = this.#token;
    if (token.type !== "word" && token.type !== "number")
      throw this.#expected(`a key of ${group}, in backticks if it has blanks`);
    this.#next += 1;
    return token.text;
  }

  #literal(field: Field): Literal {
    const token = this.#token;
    this.#next += 1;
    if (token.type === "number" && !isTime(field)) return token.value;
    // A bare word is a text: kind = run.
    if (token.type === "string") return checked(field, token.value, token.at);
    if (token.type === "word" && !RESERVED.has(token.text.toLowerCase())) return checked(field, token.text, token.at);
    this.#next -= 1;
    throw this.#expected(isTime(field) ? "a time, such as '2026-01-31'" : "a number, or a text in quotes");
  }

  get #token(): Token {
    return this.#tokens[Math.min(this.#next, this.#tokens.length - 1)] ?? { type: "end", text: "", at: 1 };
  }

  #takeWord(word: string): boolean {
    return this.#take(this.#token.type === "word" && this.#token.text.toLowerCase() === word);
  }

  #takeSymbol(symbol: string): boolean {
    return this.#take(this.#token.type === "symbol" && this.#token.text === symbol);
  }

  #take(isThere: boolean): boolean {
    if (isThere) this.#next += 1;
    return isThere;
  }

  #expected(what: string): Error {
    const { at, text, type } = this.#token;
    return wrong(at, `expected ${what}, ${type === "end" ? "and it ends there" : `not ${text}`}`);
  }
}

function negated(isNot: boolean, operand: Condition): Expression {
  return isNot ? { type: "not", operand } : operand;
}

function isTime(field: Field): boolean {
  return "name" in field && TIME_FIELDS.has(field.name);
}

/** A text that can be what it is compared with. */
function checked(field: Field, text: string, at: number): string {
  const name: FieldName | undefined = "name" in field ? field.name : undefined;
  if (name === "kind" && !NODE_KINDS.some((kind) => kind === text))
    throw wrong(at, `there is no kind "${text}"${guess(text, NODE_KINDS)}; there are ${NODE_KINDS.join(", ")}`);
  if (isTime(field) && parseTimeText(text) === undefined)
    throw wrong(at, `"${text}" is no time; expected one such as '2026-01-31' or '2026-01-31T08:00Z'`);
  if (name === "attempt" && text !== "true" && text !== "false") throw wrong(at, `expected true or false, not "${text}"`);
  return text;
}

function guess(typed: string, names: readonly string[]): string {
  const near = nearestName(typed, names);
  return near === undefined ? "" : ` (did you mean ${near}?)`;
}
