import { StemmaError } from "../errors.ts";

/** A piece of an expression. `at` is its column, from 1. */
export type Token = { readonly at: number; readonly text: string } & (
  | { readonly type: "word" | "symbol" | "end" }
  | { readonly type: "key" | "string"; readonly value: string }
  | { readonly type: "number"; readonly value: number }
);

/** In this order: the longer symbol first. */
const SHAPES = [
  ["space", /\s+/y],
  ["number", /[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])/y],
  ["word", /[\p{L}\p{N}_][\p{L}\p{N}_:/-]*/uy],
  ["string", /'(?:[^']|'')*'|"(?:[^"]|"")*"/y],
  ["key", /`(?:[^`]|``)+`/y],
  ["symbol", /!=|<=|>=|[=<>(),.]/y],
] as const;

/** The pieces of an expression, "end" last. Throws USAGE. */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const [type, found] = matchAt(text, at);
    if (type !== "space") tokens.push(toToken(type, found, at + 1));
    at += found.length;
  }
  return [...tokens, { type: "end", text: "", at: text.length + 1 }];
}

function matchAt(text: string, at: number): readonly [(typeof SHAPES)[number][0], string] {
  for (const [type, shape] of SHAPES) {
    shape.lastIndex = at;
    const found = shape.exec(text)?.[0];
    if (found !== undefined) return [type, found];
  }
  const start = text.charAt(at);
  const why = "'\"`".includes(start) ? `the ${start} is not closed` : `${JSON.stringify(start)} means nothing there`;
  throw wrong(at + 1, why);
}

function toToken(type: Exclude<(typeof SHAPES)[number][0], "space">, text: string, at: number): Token {
  switch (type) {
    case "number":
      return { type, text, at, value: Number(text) };
    case "string":
    case "key": {
      const quote = text.charAt(0);
      return { type, text, at, value: text.slice(1, -1).replaceAll(quote + quote, quote) };
    }
    case "word":
    case "symbol":
      break;
  }
  return { type, text, at };
}

/** An error in an expression. */
export function wrong(at: number, why: string): StemmaError {
  return new StemmaError("USAGE", `in the expression, column ${at}: ${why}.`, { hint: "Examples: stemma find --help" });
}
