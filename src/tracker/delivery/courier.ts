import { setTimeout as pause } from "node:timers/promises";
import type { StemmaError } from "../../lineage/errors.ts";
import type { Run } from "../../mlflow/types.ts";
import type { RunKeeper } from "../ports.ts";
import { deliverItem } from "./deliver-item.ts";
import { type Item, type ItemKind, countOf } from "./items.ts";
import { Lane } from "./lane.ts";
import type { RunDoor } from "./run-door.ts";
import { Spool, type SpoolEntry } from "./spool.ts";

/** How many calls of a kind are under way at once. Several metrics at once make use of a server's several workers. */
const WIDTHS = { records: 1, metrics: 4, files: 6 } as const;

const LANE_OF = {
  params: "records",
  tags: "records",
  inputs: "records",
  metrics: "metrics",
  artifact: "files",
  model: "files",
} satisfies Record<ItemKind, keyof typeof WIDTHS>;

/** How often what remains is tried at the end, and for how long when nobody answers. */
const RETRY_MS = 500;
const PATIENCE_MS = 5000;
/** A call that is under way at the end may take so long without a sign of life; less when nobody has answered before. */
const SILENCE_MS = 60_000;

export interface CourierOptions {
  readonly runs: RunKeeper;
  readonly door: RunDoor;
  readonly spoolFile: string;
  readonly spoolLimitBytes: number;
  readonly now: () => Date;
}

/**
 * Brings items to a run in the background. What is added lies on disk first; records, metrics and files travel apart, so
 * that an artifact store that is down keeps nothing else waiting.
 */
export class Courier {
  readonly #runs: RunKeeper;
  readonly #door: RunDoor;
  readonly #spool: Spool;
  readonly #now: () => Date;
  readonly #lanes: Readonly<Record<keyof typeof WIDTHS, Lane>>;
  readonly #dropped = new Map<ItemKind, number>();
  #awaySince: number | undefined;
  #lastSign = 0;
  /** From then on what is still under way counts as not delivered, whatever becomes of it. */
  #isOver = false;

  constructor({ runs, door, spoolFile, spoolLimitBytes, now }: CourierOptions) {
    this.#runs = runs;
    this.#door = door;
    this.#now = now;
    this.#spool = new Spool(spoolFile, spoolLimitBytes);
    const lane = (width: number): Lane => new Lane(width, (entry) => this.#deliver(entry), now);
    this.#lanes = { records: lane(WIDTHS.records), metrics: lane(WIDTHS.metrics), files: lane(WIDTHS.files) };
  }

  /** Keeps an item until it is delivered. */
  add(item: Item): void {
    if (countOf(item) === 0) return;
    const entry = this.#spool.append(item);
    if (entry !== undefined) this.#lanes[LANE_OF[item.kind]].add(entry);
    else this.#dropped.set(item.kind, (this.#dropped.get(item.kind) ?? 0) + 1);
  }

  /** Nobody has answered since then. */
  noteAway(since: Date): void {
    this.#awaySince ??= since.getTime();
  }

  /** Sends what can be sent now. Rejects only for bugs. */
  async pump(): Promise<void> {
    await Promise.all(this.#all.map((lane) => lane.pump()));
    if (this.obstacle !== undefined) this.noteAway(this.#now());
    else if (this.run !== undefined) this.#awaySince = undefined;
  }

  /** Tries until all is sent, or nobody has answered for so long that it is not worth waiting for. */
  async finish(): Promise<void> {
    for (const lane of this.#all) lane.retryFailed();
    this.#lastSign = this.#now().getTime();
    const giveUpAt = (this.#awaySince ?? this.#lastSign) + PATIENCE_MS;
    const done = new AbortController();
    const silence = this.#untilSilent(this.#awaySince === undefined ? SILENCE_MS : PATIENCE_MS, done.signal);
    try {
      await Promise.race([this.#sendRest(giveUpAt), silence]);
    } finally {
      this.#isOver = true;
      done.abort();
      await silence;
    }
  }

  /** What is in the way, if something is. */
  get obstacle(): StemmaError | undefined {
    return this.#all.map((lane) => lane.obstacle).find((obstacle) => obstacle !== undefined);
  }

  /** Whether records get through, as far as is known. */
  get isOnline(): boolean {
    return this.run !== undefined && this.#lanes.records.obstacle === undefined;
  }

  /** Whether nothing waits. */
  get isIdle(): boolean {
    return this.#all.every((lane) => lane.isEmpty);
  }

  /** The run, once there is one. */
  get run(): Run | undefined {
    return this.#door.run;
  }

  /** What was not delivered, and why, in its order. */
  undelivered(): readonly { readonly item: Item; readonly reason: string }[] {
    return this.#all
      .flatMap((lane) => lane.undelivered())
      .sort((a, b) => a.entry.offset - b.entry.offset)
      .map(({ entry, reason }) => ({ item: this.#spool.read(entry), reason }));
  }

  /** How many items of a kind found no room on disk. */
  get dropped(): ReadonlyMap<ItemKind, number> {
    return this.#dropped;
  }

  close(): void {
    this.#spool.close();
  }

  get #all(): readonly Lane[] {
    return Object.values(this.#lanes);
  }

  async #sendRest(giveUpAt: number): Promise<void> {
    for (;;) {
      await Promise.all(this.#all.map((lane) => lane.pump({ now: true })));
      if (this.#all.every((lane) => lane.isEmpty) || this.#now().getTime() >= giveUpAt) return;
      await pause(RETRY_MS);
    }
  }

  async #untilSilent(limitMs: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#now().getTime() - this.#lastSign < limitMs)
      await pause(RETRY_MS, undefined, { ref: false, signal }).catch(ignoreAbort);
  }

  async #deliver(entry: SpoolEntry): Promise<void> {
    const run = await this.#door.open();
    if (this.#isOver) return;
    await deliverItem(this.#runs, run, this.#spool.read(entry), () => (this.#lastSign = this.#now().getTime()));
    if (!this.#isOver) this.#spool.release();
  }
}

function ignoreAbort(error: Error): void {
  if (error.name !== "AbortError") throw error;
}
