import { numberText } from "../draw/words.ts";
import { plainText } from "../plain-text.ts";
import type { DrawOptions } from "./draw-options.ts";
import type { MetricChange } from "./metrics.ts";
import type { ValueChange } from "./values.ts";

/** A line for each value that differs, or for each one; how many are left out is said. */
export function valueLines(changes: readonly ValueChange[], { limit, all }: DrawOptions): readonly string[] {
  const shown = changes.filter(({ changed }) => changed || all);
  const width = Math.max(0, ...shown.map(({ name }) => Math.min(plainText(name).length, WIDEST)));
  const lines = shown.map(({ name, before, after, changed }) => {
    const value = changed ? `${valueText(before)} → ${valueText(after)}` : `${valueText(after)} (equal)`;
    return `${plainText(name).padEnd(width)}  ${value}`;
  });
  return limited(lines, limit);
}

/** A line for each metric that differs, the largest relative change first. */
export function metricLines(changes: readonly MetricChange[], { limit, all }: DrawOptions): readonly string[] {
  const changed = changes.filter((change) => change.changed || all);
  const shown = changed.filter(({ ofMachine }) => !ofMachine || all);
  const width = Math.max(0, ...shown.map(({ name }) => Math.min(plainText(name).length, WIDEST)));
  const lines = limited(
    shown.map((change) => `${plainText(change.name).padEnd(width)}  ${metricText(change)}`),
    limit,
  );
  const ofMachine = changed.length - shown.length;
  return ofMachine === 0 ? lines : [...lines, `… and ${ofMachine} of the machine: --all shows them`];
}

const WIDEST = 40;

function limited(lines: readonly string[], limit: number): readonly string[] {
  if (limit === 0 || lines.length <= limit) return lines;
  return [...lines.slice(0, limit), `… and ${lines.length - limit} more: --limit 0 shows all`];
}

function metricText({ before, after, difference, relative, changed }: MetricChange): string {
  if (!changed) return `${metricValue(after)} (equal)`;
  const share = relative === undefined ? "" : ` (${signed(Number((relative * 100).toPrecision(3)))} %)`;
  return `${metricValue(before)} → ${metricValue(after)}${difference === undefined ? "" : `  ${signed(difference)}${share}`}`;
}

function metricValue(value: number | undefined): string {
  return value === undefined ? "nothing" : numberText(value);
}

function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${numberText(Math.abs(value))}`;
}

function valueText(value: string | undefined): string {
  if (value === undefined) return "nothing";
  return value === "" ? '""' : plainText(value);
}
