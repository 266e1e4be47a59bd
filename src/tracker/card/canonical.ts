import { createHash } from "node:crypto";
import { StemmaError } from "../../lineage/errors.ts";

/**
 * The one text that a JSON value has in canonical form (RFC 8785): keys sorted, no blanks. As in JSON, a field that is
 * undefined is left out. USAGE for what has no such form: NaN, half of a surrogate pair, undefined in a list, a Date.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") return canonicalNumber(value);
  if (typeof value === "string") return canonicalString(value);
  if (Array.isArray(value)) return `[${Array.from(value, canonicalJson).join()}]`;
  if (isPlainObject(value)) return `{${canonicalFields(value).join()}}`;
  return refuse(typeof value === "object" ? Object.prototype.toString.call(value) : typeof value);
}

/** What a run card says of itself: the SHA-256 of its canonical form without its field `digest`. */
export function cardDigest(card: object): `sha256:${string}` {
  const content = canonicalJson({ ...card, digest: undefined });
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

/** ECMAScript's own number format is the canonical one. */
function canonicalNumber(value: number): string {
  return Number.isFinite(value) ? JSON.stringify(value) : refuse(String(value));
}

function canonicalString(text: string): string {
  return text.isWellFormed() ? JSON.stringify(text) : refuse("a text that is not valid Unicode");
}

/** Sorted by UTF-16 units, as the RFC wants it and as JavaScript compares. */
function canonicalFields(object: Readonly<Record<string, unknown>>): string[] {
  const fields = Object.entries(object).filter(([, value]) => value !== undefined);
  return fields.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${canonicalString(key)}:${canonicalJson(value)}`);
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function refuse(what: string): never {
  throw new StemmaError("USAGE", `JSON has no canonical form for ${what}`);
}
