import { MASK } from "./mask.ts";

/** What puts a value to a name, and the name before it: `name=`, `"name": `, `name => `. */
const SIGN = /(?<=([\w.-]{1,200})((?:\\{0,4}["'])?[ \t]{0,20}))(=>|:=|={1,3}|:)[ \t]{0,20}/g;
/** An option whose value is the next word. */
const OPTION = /(?<![\w.-])(--[\w.-]{1,200})[ \t]{1,20}(?![-=:])/g;
/** What a program takes when a variable is not set. */
const DEFAULT = /(?:getenv|environ\.get)\([ \t]{0,20}["']([\w.-]{1,200})["'][ \t]{0,20},[ \t]{0,20}/g;
const SCHEME = "(?:(?:bearer|basic|token|digest|apikey|negotiate|aws4-hmac-sha256)[ \\t]{1,20})?";
/** A value: in quotes that may be escaped themselves, or up to what ends one. */
const VALUE = new RegExp(
  [
    `(\\\\+["'])(${SCHEME})(?:[^"'\\\\\\n\\r]|\\\\[^"'\\n\\r])*`,
    `(")(${SCHEME})(?:[^"\\\\\\n\\r]|\\\\.)*`,
    `(')(${SCHEME})(?:[^'\\\\\\n\\r]|\\\\.)*`,
    `(${SCHEME})[^\\s"',;&:/[{()}\\]<][^\\s"',;&]*`,
    `(${SCHEME})/(?!/)[^\\s"',;&]*`,
  ].join("|"),
  "iy",
);
const COOKIES = /[^\n\r"']+/y;

/** What stands where a secret would: a truth value, a fraction, a type, the name of a variable. These tell nothing. */
const PLACEHOLDER =
  /^(?:true|false|yes|no|on|off|null|none|nil|undefined|str|string|bytes|bool|boolean|int|any|unknown|-?\d*\.\d+(?:e-?\d+)?|\*+|\?|\$[A-Z_][A-Z0-9_]*|\$\{[^}]*\}|\{\{[^}]*\}?\}?|%\(\w+\)s|(?:os\.(?:environ|getenv)|process\.env|System\.getenv|getenv)\b.*)[)\]}]*$/i;

/** Masks the values of names that are secret, as they stand in logs, diffs, JSON, URLs and command lines. */
export function maskAssignments(text: string, isSecretName: (name: string) => boolean): string {
  return [SIGN, OPTION, DEFAULT].reduce((masked, before) => maskAfter(masked, before, isSecretName), text);
}

function maskAfter(text: string, before: RegExp, isSecretName: (name: string) => boolean): string {
  const pattern = new RegExp(before);
  let masked = "";
  let done = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const [whole, name = ""] = match;
    if (!isSecretName(name) || isPlace(text, match)) continue;
    const start = match.index + whole.length;
    const value = valueAt(text, start, name);
    if (value === undefined) continue;
    masked += text.slice(done, start) + value.masked;
    done = start + value.length;
    pattern.lastIndex = Math.max(done, pattern.lastIndex);
  }
  return masked + text.slice(done);
}

/** `/run/secrets/token: permission denied` tells of a file. */
function isPlace(text: string, { index, 1: name = "", 2: gap = "", 3: sign }: RegExpExecArray): boolean {
  return sign === ":" && text[index - gap.length - name.length - 1] === "/";
}

interface Value {
  readonly length: number;
  readonly masked: string;
}

function valueAt(text: string, start: number, name: string): Value | undefined {
  const pattern = /cookies?$/i.test(name) && !/["'\\]/.test(text[start] ?? "") ? COOKIES : VALUE;
  pattern.lastIndex = start;
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [whole, ...groups] = match;
  const kept = groups.join("");
  const isEmpty = whole.length === kept.length && /^\\*["']/.test(whole);
  return { length: whole.length, masked: isEmpty || isPlaceholder(whole.slice(kept.length)) ? whole : kept + MASK };
}

/** Whether a value is none that anybody has to hide. */
export function isPlaceholder(value: string): boolean {
  return value === "" || PLACEHOLDER.test(value);
}
