import type { IndexWriter } from "../../lineage/store/index-writer.ts";
import type { LineageIndex } from "../../lineage/store/lineage-index.ts";
import { formatUrn } from "../../lineage/urn.ts";
import type { Run } from "../../mlflow/types.ts";

const SINCE = "mlflow:runs-since";
const OPEN = "mlflow:open-runs";
const KNOWN = "mlflow:runs-known";
const DELETED = "mlflow:runs-deleted";

/** What is noted of the runs in an index, from which the next sync goes on. */
export class RunNotes {
  readonly #index: LineageIndex;

  constructor(index: LineageIndex) {
    this.#index = index;
  }

  /** The newest start that was read; undefined before the first run. */
  get sinceMs(): number | undefined {
    const since = this.#index.cursor(SINCE);
    return since === undefined ? undefined : Number(since);
  }

  /** The runs that had not ended when they were read. A deleted one takes no more. */
  get open(): readonly string[] {
    return (this.#index.cursor(OPEN) ?? "").split(" ").filter((id) => id !== "");
  }

  /** How many runs MLflow has said, deleted ones too. */
  get known(): number {
    return Number(this.#index.cursor(KNOWN) ?? 0);
  }

  get deleted(): number {
    return Number(this.#index.cursor(DELETED) ?? 0);
  }

  /** Counts runs in that are about to be written. */
  take(writer: IndexWriter, runs: readonly Run[], seen: Date): void {
    let { known, deleted } = this;
    const open = new Set(this.open);
    for (const run of runs) {
      const before = this.#index.record(formatUrn({ kind: "run", id: run.id }));
      if (before?.rank !== "source") known += 1;
      deleted += Number(run.deleted) - Number(isDeleted(before?.node.state));
      const isOpen = !run.deleted && (run.status === "RUNNING" || run.status === "SCHEDULED");
      if (isOpen) open.add(run.id);
      else open.delete(run.id);
    }
    this.#set(writer, KNOWN, String(known));
    this.#set(writer, DELETED, String(deleted));
    this.#set(writer, OPEN, [...open].join(" "));
    // A clock that is ahead must not hide what comes after.
    const newest = Math.max(this.sinceMs ?? 0, ...runs.map(({ startTime }) => startTime.getTime()));
    this.#set(writer, SINCE, String(Math.min(newest, seen.getTime())));
  }

  /** What MLflow has was counted anew. */
  setCounts(writer: IndexWriter, counts: { readonly known?: number; readonly deleted: number }): void {
    if (counts.known !== undefined) this.#set(writer, KNOWN, String(counts.known));
    this.#set(writer, DELETED, String(counts.deleted));
  }

  /** MLflow has these runs no more. */
  close(writer: IndexWriter, ids: readonly string[]): void {
    const closed = new Set(ids);
    this.#set(writer, OPEN, this.open.filter((id) => !closed.has(id)).join(" "));
  }

  #set(writer: IndexWriter, cursor: string, value: string): void {
    if (this.#index.cursor(cursor) !== value) writer.setCursor(cursor, value);
  }
}

/** Whether a run's state says that it is deleted, as `toRunNode` writes it. */
export function isDeleted(state = ""): boolean {
  return state.endsWith(", deleted");
}
