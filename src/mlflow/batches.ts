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

/** Splits what is to be logged into calls that stay within the server's limits, in the order given, one when asked for. */
export function* planBatches(batch: RunBatch): Generator<WireBatch, void> {
  let open = new OpenBatch();
  for (const [list, entry] of entriesOf(batch)) {
    const bytes = Buffer.byteLength(JSON.stringify(entry)) + 1;
    if (!open.hasRoomFor(list, bytes)) {
      yield open.batch;
      open = new OpenBatch();
    }
    open.add(list, entry, bytes);
  }
  if (!open.isEmpty) yield open.batch;
}

type ListName = keyof WireBatch;
type Entry = Pair | WireMetric;

function* entriesOf({ tags, params, metrics = [] }: RunBatch): Generator<[ListName, Entry]> {
  for (const { key, value } of toPairs(tags)) yield ["tags", { key, value: cutText(value, VALUE_LIMITS.tags) }];
  for (const { key, value } of toPairs(params)) yield ["params", { key, value: cutText(value, VALUE_LIMITS.params) }];
  for (const metric of metrics) yield ["metrics", toWireMetric(metric)];
}

class OpenBatch {
  readonly batch: WireBatch = { metrics: [], params: [], tags: [] };
  #entries = 0;
  #bytes = ENVELOPE_BYTES;

  get isEmpty(): boolean {
    return this.#entries === 0;
  }

  hasRoomFor(list: ListName, bytes: number): boolean {
    return (
      this.batch[list].length < BATCH_LIMITS[list] &&
      this.#entries < BATCH_LIMITS.total &&
      this.#bytes + bytes < BATCH_LIMITS.bytes
    );
  }

  add(list: ListName, entry: Entry, bytes: number): void {
    (this.batch[list] as Entry[]).push(entry);
    this.#entries++;
    this.#bytes += bytes;
  }
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
