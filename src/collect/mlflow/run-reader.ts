import type { IndexWriter } from "../../lineage/store/index-writer.ts";
import type { LineageIndex } from "../../lineage/store/lineage-index.ts";
import type { Run } from "../../mlflow/types.ts";
import { inBatches } from "../at-once.ts";
import type { MlflowSource } from "../ports.ts";
import type { SyncOptions } from "../sync-options.ts";
import { withModelInputs } from "./model-inputs.ts";
import { RunNotes } from "./run-notes.ts";
import { writeRuns } from "./write-runs.ts";

/** Written at a time: so much has to be read again after a kill. */
const AT_ONCE = 500;
/** Ids in one question. */
const IDS_AT_ONCE = 100;

/** Reads runs from MLflow into an index, and notes there how far it got. */
export class RunReader {
  /** How many runs were new, or other than the index had them. */
  changed = 0;
  /** The runs that were read, and whether each is deleted. */
  readonly read = new Map<string, boolean>();
  readonly notes: RunNotes;
  readonly #index: LineageIndex;
  readonly #source: MlflowSource;
  readonly #experimentIds: readonly string[];
  readonly #options: SyncOptions;

  constructor(index: LineageIndex, source: MlflowSource, experimentIds: readonly string[], options: SyncOptions) {
    this.notes = new RunNotes(index);
    this.#index = index;
    this.#source = source;
    this.#experimentIds = experimentIds;
    this.#options = options;
  }

  /** The runs that began at this time or later, oldest first; all of them without a time. */
  readSince(startMs: number | undefined): Promise<void> {
    const filter = startMs === undefined ? "" : `attributes.start_time >= ${startMs}`;
    return this.#read(this.#source.searchRuns({ experimentIds: this.#experimentIds, filter, includeDeleted: true }));
  }

  /** The deleted runs. */
  readDeleted(): Promise<void> {
    return this.#read(this.#source.searchRuns({ experimentIds: this.#experimentIds, onlyDeleted: true }));
  }

  /** Those of these runs that were not read yet. */
  async readAgain(ids: readonly string[]): Promise<void> {
    const left = ids.filter((id) => !this.read.has(id));
    for (let at = 0; at < left.length; at += IDS_AT_ONCE) {
      const list = left.slice(at, at + IDS_AT_ONCE).map((id) => `'${id}'`);
      const filter = `attributes.run_id IN (${list.join(",")})`;
      await this.#read(this.#source.searchRuns({ experimentIds: this.#experimentIds, filter, includeDeleted: true }));
    }
  }

  /** How many runs the server has, as against those that are noted. */
  compareCount(onlyDeleted: boolean): Promise<"fewer" | "same" | "more" | undefined> {
    const { known, deleted } = this.notes;
    return this.#source.compareRunCount({
      experimentIds: this.#experimentIds,
      onlyDeleted,
      count: onlyDeleted ? deleted : known,
    });
  }

  async #read(runs: AsyncIterable<Run>): Promise<void> {
    for await (const found of inBatches(runs, AT_ONCE)) {
      const again = this.#options.full === true;
      const batch = await withModelInputs(this.#index, this.#source, found, { again });
      this.#options.signal?.throwIfAborted();
      this.#index.write((writer) => this.#write(writer, batch));
      for (const { id, deleted } of batch) this.read.set(id, deleted);
      this.#options.onProgress?.(`MLflow: ${this.read.size} runs`);
    }
  }

  #write(writer: IndexWriter, runs: readonly Run[]): void {
    const seen = this.#options.now?.() ?? new Date();
    this.notes.take(writer, runs, seen);
    this.changed += writeRuns(this.#index, writer, runs, this.#source, seen);
  }
}
