import { StemmaError } from "../../lineage/errors.ts";

/** Something to be sent once. Sending it again after a failure goes on where it stopped. */
export interface Parcel {
  readonly kind: "params" | "metrics" | "tags" | "data sets" | "artifacts" | "status";
  /** How many of these it holds, or still holds. */
  readonly count: () => number;
  readonly send: () => Promise<void>;
}

/** Sends parcels in order. What cannot be delivered now waits for the next flush; what is refused is put aside. */
export class Delivery {
  readonly #waiting: Parcel[] = [];
  readonly #refused: Parcel[] = [];
  #lastError: StemmaError | undefined;

  add(parcel: Parcel): void {
    if (parcel.count() > 0) this.#waiting.push(parcel);
  }

  /** Rejects only for bugs. */
  async flush(): Promise<void> {
    for (let parcel = this.#waiting[0]; parcel !== undefined; parcel = this.#waiting[0]) {
      try {
        await parcel.send();
      } catch (error) {
        if (!(error instanceof StemmaError)) throw error;
        this.#lastError = error;
        if (error.code === "UNREACHABLE") return;
        this.#refused.push(parcel);
      }
      this.#waiting.shift();
    }
  }

  /** Why the last flush could not deliver all, if nobody was there to deliver to. */
  get obstacle(): StemmaError | undefined {
    return this.#waiting.length > 0 ? this.#lastError : undefined;
  }

  /** What was not delivered and why, in one line; undefined when all was. */
  get shortfall(): string | undefined {
    const counts = new Map<Parcel["kind"], number>();
    for (const { kind, count } of [...this.#refused, ...this.#waiting]) counts.set(kind, (counts.get(kind) ?? 0) + count());
    if (counts.size === 0) return undefined;
    const list = Array.from(counts, ([kind, count]) => (kind === "status" ? "the run's status" : `${count} ${kind}`));
    return `not delivered: ${list.join(", ")}. ${this.#lastError?.message ?? ""}`.trim();
  }
}
