import { CsvError } from "csv-parse";
import { parse } from "csv-parse/sync";
import { StemmaError } from "../../lineage/errors.ts";
import type { Metric } from "../../mlflow/types.ts";
import { parseKey, parseNumber, parseObject, parseStep, parseTime } from "./scalars.ts";

/** A metric as one line tells it. */
export type MetricLine = Pick<Metric, "key" | "value"> & { readonly step: number | undefined; readonly time: Date | undefined };

/** Reads one line; undefined for a line that holds none. USAGE for a bad one. */
export type ReadMetricLine = (text: string) => MetricLine | undefined;

/** `{"key":"loss","value":0.5,"step":1,"time":"2026-01-01T00:00:00Z"}`; step and time may be left out. */
export function readJsonLine(text: string): MetricLine | undefined {
  return text.trim() === "" ? undefined : toMetricLine(parseObject(text));
}

const COLUMNS = ["key", "value", "step", "time"];

/** `loss,0.5,1,2026-01-01T00:00:00Z`, in this order or in that of a first line with these names. */
export function csvLineReader(): ReadMetricLine {
  let columns = COLUMNS;
  let isFirst = true;
  return (text) => {
    const cells = parseCsvLine(text);
    if (cells === undefined) return undefined;
    const mayBeHeader = isFirst;
    isFirst = false;
    if (mayBeHeader && cells.includes("key") && cells.includes("value")) {
      columns = cells;
      return undefined;
    }
    return toMetricLine(Object.fromEntries(columns.map((column, index) => [column, cells[index]])));
  };
}

function parseCsvLine(text: string): string[] | undefined {
  try {
    const rows: string[][] = parse(text, { relax_column_count: true, skip_empty_lines: true, trim: true });
    return rows[0];
  } catch (error) {
    if (error instanceof CsvError) throw new StemmaError("USAGE", "this is no CSV line", { cause: error });
    throw error;
  }
}

function toMetricLine({ key, value, step, time }: Readonly<Record<string, unknown>>): MetricLine {
  return { key: parseKey(key), value: parseNumber(value, "value"), step: parseStep(step), time: parseTime(time) };
}
