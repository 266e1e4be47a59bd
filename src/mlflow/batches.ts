import { StemmaError } from "../lineage/errors.ts";
import type { Metric, RunBatch } from "./types.ts";
import { toPairs } from "./wire.ts";

/** What one call of `runs/log-batch` may carry. The server refuses a whole call that has one entry too many. */
export const BATCH_LIMITS = { metrics: 1000, params: 100, tags: 100, total: 1000, bytes: 1_000_000 } as const;

/** Longer values are cut by the server without a word. We cut them alike, so that a repeated call stays the same call. */
export const VALUE_LIMITS = { params: 6000, tags: 8000 } as const;

interface Pair {
  readonly key: string;
  readonly value: string;
}

interface WireMetric {
  readonly key: string;
  readonly value: number | string;
  readonly timestamp: number;
  readonly step: number;
}

/** The body of one call, without the run's id. */
export interface WireBatch {
  readonly metrics: WireMetric[];
  readonly params: Pair[];
  readonly tags: Pair[];
}

/** Room for the run's id, the names of the lists and their brackets. */
const ENVELOPE_BYTES = 200;

/** Splits what is to be logged into calls that stay within the server's limits, in the order given. */
export function planBatches(batch: RunBatch): WireBatch[] {
  const plan = new BatchPlan();
  for (const tag of toPairs(batch.tags)) plan.add("tags", { key: tag.key, value: cutText(tag.value, VALUE_LIMITS.tags) });
  for (const param of toPairs(batch.params))
    plan.add("params", { key: param.key, value: cutText(param.value, VALUE_LIMITS.params) });
  for (const metric of batch.metrics ?? []) plan.add("metrics", toWireMetric(metric));
  return plan.batches;
}

class BatchPlan {
  readonly batches: WireBatch[] = [];
  #open: WireBatch | undefined;
  #bytes = 0;

  add<List extends keyof WireBatch>(list: List, entry: WireBatch[List][number]): void {
    const bytes = Buffer.byteLength(JSON.stringify(entry)) + 1;
    const batch = this.#roomFor(list, bytes);
    (batch[list] as WireBatch[List][number][]).push(entry);
    this.#bytes += bytes;
  }

  #roomFor(list: keyof WireBatch, bytes: number): WireBatch {
    const open = this.#open;
    if (open !== undefined && !isFull(open, list) && this.#bytes + bytes < BATCH_LIMITS.bytes) return open;
    const fresh: WireBatch = { metrics: [], params: [], tags: [] };
    this.batches.push(fresh);
    this.#open = fresh;
    this.#bytes = ENVELOPE_BYTES;
    return fresh;
  }
}

function isFull(batch: WireBatch, list: keyof WireBatch): boolean {
  const total = batch.metrics.length + batch.params.length + batch.tags.length;
  return batch[list].length >= BATCH_LIMITS[list] || total >= BATCH_LIMITS.total;
}

/** JSON has no NaN, and the server takes a bare one for 0.0 at time 0: it wants these by name. */
function toWireMetric({ key, value, time, step }: Metric): WireMetric {
  if (!Number.isSafeInteger(step))
    throw new StemmaError("USAGE", `the metric "${key}" has the step ${step}, which is no whole number`);
  return { key, value: Number.isFinite(value) ? value : String(value), timestamp: time.getTime(), step };
}

/** Counts in code points, as the server does. */
export function cutText(text: string, limit: number): string {
  return text.length <= limit ? text : Array.from(text).slice(0, limit).join("");
}
