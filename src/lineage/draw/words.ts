import { nameOf, oneLine } from "../describe.ts";
import { bareNode } from "../graph.ts";
import type { Gap } from "../answer.ts";

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** A size for people: "1.5 MiB". */
export function sizeText(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)} ${UNITS[power]}`;
}

/** A number of things: "1 file", "2,500 rows". */
export function countText(count: number, thing: string): string {
  return `${count.toLocaleString("en-US")} ${thing}${count === 1 ? "" : "s"}`;
}

/** To the second, in UTC; nothing for no time. */
export function timeText(time: Date | undefined): string {
  if (time === undefined) return "";
  return time
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, "Z");
}

/** A number that can be read: six digits. */
export function numberText(value: number): string {
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(6)));
}

/** What a run used of its machine says nothing of what came out. */
export function isOfMachine(key: string): boolean {
  return key.startsWith("system/") || key.startsWith("spark.");
}

/** So many metrics of what came out, by name, and how many more there are. */
export function metricsText(metrics: Readonly<Record<string, number>>, most: number): string {
  const own = Object.keys(metrics)
    .filter((key) => !isOfMachine(key))
    .sort();
  const texts = own.slice(0, most).map((key) => `${oneLine(key)}=${numberText(metrics[key] ?? Number.NaN)}`);
  return [...texts, ...(own.length > most ? [`and ${own.length - most} more`] : [])].join(" ");
}

/** "complete", or a line for each reason why an answer is not; notes on where it is coarser before that. */
export function concludingLines(gaps: readonly Gap[]): readonly string[] {
  const missing = gapLines(gaps, "missing", "incomplete");
  return [...gapLines(gaps, "wider", "note"), ...(missing.length === 0 ? ["complete"] : missing)];
}

const MAX_PLACES = 3;

function gapLines(gaps: readonly Gap[], effect: Gap["effect"], word: string): readonly string[] {
  const own = gaps.filter((gap) => gap.effect === effect);
  return [...Map.groupBy(own, ({ why }) => oneLine(why).replace(/\.$/, ""))].map(([why, at]) => {
    const places = at.slice(0, MAX_PLACES).map(({ at }) => nameOf(bareNode(at)));
    return `${word}: ${why}, at ${places.join(" and ")}${at.length > MAX_PLACES ? ` and ${at.length - MAX_PLACES} more` : ""}`;
  });
}
