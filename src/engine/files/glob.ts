import { posix } from "node:path";
import { StemmaError } from "../../lineage/errors.ts";

/** A pattern that selects files and directories, as pachd understands it. */
export interface Glob {
  /** The pattern with a slash in front and none behind. */
  readonly pattern: string;
  /** What every match begins with, so that a listing can start there. */
  readonly prefix: string;
  /** Whether only the path that equals the prefix can match. */
  readonly isLiteral: boolean;
  /** How many levels below the root a match can lie. */
  readonly depth: number;
  /** Takes an absolute path without a slash at its end; the root directory is `/`. */
  readonly matches: (path: string) => boolean;
  /** What the groups `$1`, `$2` … hold, "" for one that took no part, or `undefined` where the path does not match. */
  readonly captures: (path: string) => readonly string[] | undefined;
}

const SPECIAL = /[*?[\]{}!()@+^]/;

/** Understands a pattern, or throws FAILED with pachd's words. */
export function compileGlob(pattern: string): Glob {
  const cleaned = posix.resolve("/", pattern);
  const expression = toExpression(cleaned);
  const special = cleaned.search(SPECIAL);
  // Only the pattern "/" means the root: "/*" would match it by its letters, but stands for what is in it.
  const captures = (path: string): readonly string[] | undefined =>
    path === "/" && cleaned !== "/"
      ? undefined
      : expression
          .exec(path)
          ?.slice(1)
          .map((group: string | undefined) => group ?? "");
  return {
    pattern: cleaned,
    prefix: special === -1 ? cleaned : cleaned.slice(0, special),
    isLiteral: special === -1,
    depth: depthOf(cleaned),
    matches: (path) => captures(path) !== undefined,
    captures,
  };
}

/** Without limit where something in it can match a slash: a `**`, a class, or an alternative with a slash in it. */
function depthOf(pattern: string): number {
  return /\*\*|\[|[{(][^)}]*\//.test(pattern) ? Number.POSITIVE_INFINITY : pattern.split("/").length - 1;
}

interface Group {
  /** What ends the group, and what parts its alternatives, in the pattern. */
  readonly end: string;
  readonly separator: string;
  /** What the group begins and ends with in the expression. */
  readonly opening: string;
  readonly closing: readonly string[];
}

const SEGMENT = "[^/]";
/** Stands in a translation where a negation ends, until it is known what follows there. */
const NEGATION_END = "end of negation";

const GROUPS: ReadonlyMap<string, Group> = new Map([
  ["{", { end: "}", separator: ",", opening: "(?:", closing: [")"] }],
  ["(", { end: ")", separator: "|", opening: "(", closing: [")"] }],
  ["@(", { end: ")", separator: "|", opening: "(", closing: [")"] }],
  ["?(", { end: ")", separator: "|", opening: "((?:", closing: [")?)"] }],
  ["*(", { end: ")", separator: "|", opening: "((?:", closing: [")*)"] }],
  ["+(", { end: ")", separator: "|", opening: "((?:", closing: [")+)"] }],
  ["!(", { end: ")", separator: "|", opening: "((?!(?:", closing: [")", NEGATION_END, `)${SEGMENT}*)`] }],
]);

/** A `**` (unless its second star begins a group), the beginning of a group, a class, or one character. */
const TOKEN = /\*\*(?!\()|[@?*+!]?\(|\[(?:[^[\]]|\[[^\]]*\])*\]|./gs;

function toExpression(pattern: string): RegExp {
  const open: Group[] = [];
  const parts: string[] = [];
  let endOfNegation = "$";
  for (const [token] of pattern.matchAll(TOKEN)) {
    const innermost = open.at(-1);
    const group = GROUPS.get(token);
    if (group) {
      open.push(group);
      parts.push(group.opening);
    } else if (token === innermost?.end) {
      open.pop();
      parts.push(...innermost.closing);
    } else if (token === innermost?.separator) {
      parts.push("|");
    } else {
      // As in pachd, a negation rules out what it names up to the end of the path, but where text or a star follows the
      // first negation, only at the beginning: "!(a)" matches "ab", and "!(a)*" does not.
      if (parts.includes(NEGATION_END) && isTextOrStar(token)) endOfNegation = "";
      parts.push(translate(token));
    }
  }
  // pachd takes a group that is left open as one that ends with the pattern.
  for (const group of open.toReversed()) parts.push(...group.closing);
  return compile(pattern, parts.map((part) => (part === NEGATION_END ? endOfNegation : part)).join(""));
}

function isTextOrStar(token: string): boolean {
  return token !== "?" && !token.startsWith("[");
}

function translate(token: string): string {
  if (token === "**") return ".*";
  if (token === "*") return `${SEGMENT}*`;
  if (token === "?") return SEGMENT;
  if (token === "[") throw malformed("unexpected end of input");
  return token.startsWith("[") ? translateClass(token) : token.replace(/[\\^$.*+?()[\]{}|/-]/, "\\$&");
}

/** What `[:name:]` stands for within a class. */
const NAMED_CLASSES: ReadonlyMap<string, string> = new Map([
  ["alnum", "0-9A-Za-z"],
  ["alpha", "A-Za-z"],
  ["ascii", "\\x00-\\x7f"],
  ["blank", "\\t "],
  ["cntrl", "\\x00-\\x1f\\x7f"],
  ["digit", "0-9"],
  ["graph", "!-~"],
  ["lower", "a-z"],
  ["print", " -~"],
  ["punct", "!-/:-@\\[-`{-~"],
  ["space", "\\s"],
  ["upper", "A-Z"],
  ["word", "\\w"],
  ["xdigit", "0-9A-Fa-f"],
]);

/** A class may match a slash, unlike the wildcards: "/a[!b]c" matches "/a/c". */
function translateClass(token: string): string {
  const [, negation = "", body = ""] = /^\[([!^]?)(.*)\]$/s.exec(token) ?? [];
  if (body === "") throw malformed(`a class without characters: ${token}`);
  const members = body
    .split(/\[:([^\]]*):\]/)
    .map((part, index) => (index % 2 === 0 ? part.replaceAll(/[\\\]^[]/g, "\\$&") : namedClass(part)));
  return `[${negation && "^"}${members.join("")}]`;
}

function namedClass(name: string): string {
  const members = NAMED_CLASSES.get(name);
  if (members === undefined) throw malformed(`no class is called [:${name}:]`);
  return members;
}

function compile(pattern: string, source: string): RegExp {
  try {
    return new RegExp(`^${source}$`, "s");
  } catch (error) {
    throw malformed(`cannot understand the glob pattern "${pattern}"`, error);
  }
}

function malformed(message: string, cause?: unknown): StemmaError {
  return new StemmaError("FAILED", message, { cause, hint: "Correct the pattern's classes, such as [a-c] or [!a]." });
}
