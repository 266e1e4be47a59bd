import { StemmaError } from "../lineage/errors.ts";
import type { Scalar } from "./library-types.ts";
import { parseKey, parseStep } from "./report/scalars.ts";

/** What a caller says of a metric's point. */
interface Point {
  readonly key: string;
  readonly value: number;
  readonly step: number | undefined;
  readonly time: Date;
}

/** A line of metrics.jsonl. USAGE for what MLflow would not take. */
export function metricLine({ key, value, step, time }: Point): string {
  const timeMs = time.getTime();
  if (typeof value !== "number") throw new StemmaError("USAGE", `the value of the metric "${key}" is no number`);
  if (!(timeMs >= 0)) throw new StemmaError("USAGE", `the time of the metric "${key}" is not after 1970`);
  // JSON has no words for NaN and the infinities: they go as texts.
  const number = Number.isFinite(value) ? value : String(value);
  return `${JSON.stringify({ key: parseKey(key), value: number, step: parseStep(step), time: time.toISOString() })}\n`;
}

/** A line of params.csv or tags.csv. */
export function pairLine([key, text]: readonly [key: string, text: string]): string {
  return `${key},"${text.replaceAll('"', '""')}"\n`;
}

/** A param's or tag's value as MLflow keeps it. USAGE for one that is no scalar. */
export function toScalarText(key: string, value: Scalar): string {
  if (["string", "number", "boolean", "bigint"].includes(typeof value)) return String(value);
  throw new StemmaError("USAGE", `the value of "${key}" is no text, number or boolean`, {
    hint: "JSON.stringify makes a text of it.",
  });
}
