import type { DatasetInput, Metric } from "../../mlflow/types.ts";
import { type CardNumber, fromCardNumber, toCardNumber } from "../card/numbers.ts";

/** A metric's point as it is kept on disk: key, value, step, milliseconds since 1970. */
type StoredMetric = readonly [key: string, value: CardNumber, step: number, timeMs: number];

/** A file that becomes an artifact, or a part of a model. */
export interface StoredFile {
  /** Among the run's artifacts, or in the model. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Hexadecimal; empty while a large file is on its way before it is known. */
  readonly sha256: string;
  /** Where its bytes are now. */
  readonly at: string;
}

/** Something to be said of a run. Each kind can be said again without harm. */
export type Item =
  | { readonly kind: "params"; readonly params: Readonly<Record<string, string>> }
  | { readonly kind: "metrics"; readonly metrics: readonly StoredMetric[] }
  | { readonly kind: "tags"; readonly tags: Readonly<Record<string, string>> }
  | { readonly kind: "inputs"; readonly datasets: readonly DatasetInput[] }
  | { readonly kind: "artifact"; readonly file: StoredFile }
  | { readonly kind: "model"; readonly name: string; readonly digest: string; readonly files: readonly StoredFile[] };

export type ItemKind = Item["kind"];

/** MLflow takes so many metrics in a call. */
const METRICS_PER_ITEM = 1000;

export function* metricItems(metrics: readonly Metric[]): Iterable<Item> {
  for (let start = 0; start < metrics.length; start += METRICS_PER_ITEM) {
    const part = metrics.slice(start, start + METRICS_PER_ITEM);
    yield {
      kind: "metrics",
      metrics: part.map(({ key, value, step, time }) => [key, toCardNumber(value), step, time.getTime()]),
    };
  }
}

export function metricsOf({ metrics }: Item & { readonly kind: "metrics" }): Metric[] {
  return metrics.map(([key, value, step, timeMs]) => ({ key, value: fromCardNumber(value), step, time: new Date(timeMs) }));
}

/** How many params, metrics and so on an item holds. */
export function countOf(item: Item): number {
  if (item.kind === "params") return Object.keys(item.params).length;
  if (item.kind === "tags") return Object.keys(item.tags).length;
  if (item.kind === "metrics") return item.metrics.length;
  return item.kind === "inputs" ? item.datasets.length : 1;
}

/** The files whose bytes an item needs. */
export function filesOf(item: Item): readonly StoredFile[] {
  if (item.kind === "artifact") return [item.file];
  return item.kind === "model" ? item.files : [];
}

const NAMES = {
  params: "params",
  metrics: "metrics",
  tags: "tags",
  inputs: "data sets",
  artifact: "artifacts",
  model: "models",
} satisfies Record<ItemKind, string>;

/** `12 metrics, 3 artifacts`. */
export function describeCounts(counts: ReadonlyMap<ItemKind, number>): string {
  return Array.from(counts, ([kind, count]) => `${count} ${NAMES[kind]}`).join(", ");
}
