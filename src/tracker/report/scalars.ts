import { StemmaError } from "../../lineage/errors.ts";
import { keyProblem } from "../../mlflow/key.ts";

/** Milliseconds since 1970 have had more digits than this since 1973; seconds will in the year 5138. */
const FIRST_MILLISECONDS = 1e11;

function refuse(message: string): never {
  throw new StemmaError("USAGE", message);
}

/** A key that MLflow takes, or USAGE. */
export function parseKey(value: unknown): string {
  if (typeof value !== "string") return refuse("there is no key");
  const problem = keyProblem(value);
  return problem === undefined ? value : refuse(problem);
}

/** A number as programs write it: 0.5, "0.5", NaN, inf, -Infinity. */
export function parseNumber(value: unknown, name: string): number {
  if (typeof value === "number") return value;
  const text = typeof value === "string" ? value.trim() : "";
  if (/^[+-]?nan$/i.test(text)) return NaN;
  const infinity = /^([+-]?)inf(inity)?$/i.exec(text);
  if (infinity !== null) return infinity[1] === "-" ? -Infinity : Infinity;
  const number = text === "" ? NaN : Number(text);
  return Number.isNaN(number) ? refuse(`the ${name} ${quote(value)} is no number`) : number;
}

/** A whole number, or undefined when there is none. */
export function parseStep(value: unknown): number | undefined {
  if (isAbsent(value)) return undefined;
  const step = parseNumber(value, "step");
  return Number.isSafeInteger(step) ? step : refuse(`the step ${quote(value)} is no whole number`);
}

/** Seconds or milliseconds since 1970, or a date with time as text; undefined when there is none. */
export function parseTime(value: unknown): Date | undefined {
  if (isAbsent(value)) return undefined;
  const number = Number(value);
  const time = Number.isNaN(number) ? Date.parse(String(value)) : number * (Math.abs(number) < FIRST_MILLISECONDS ? 1000 : 1);
  return time >= 0 && time <= 8.64e15 ? new Date(Math.round(time)) : refuse(`the time ${quote(value)} is no time`);
}

/** A param's or tag's value as the text that MLflow keeps. */
export function toText(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  // A database may refuse a whole call for a NUL.
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}

/** JSON that may hold the bare NaN and Infinity which Python writes. They become texts. */
function parseLooseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  try {
    return JSON.parse(
      text.replace(/"(?:\\.|[^"\\])*"|-?Infinity|NaN/g, (token) => (token.startsWith('"') ? token : `"${token}"`)),
    );
  } catch (error) {
    if (error instanceof SyntaxError) return refuse("this is not JSON");
    throw error;
  }
}

/** JSON's object, not its list, null or scalar. */
export function parseObject(text: string): Readonly<Record<string, unknown>> {
  const value = parseLooseJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return refuse("this is no JSON object");
  return value as Record<string, unknown>;
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

function quote(value: unknown): string {
  return JSON.stringify(value) ?? "";
}
