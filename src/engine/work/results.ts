import type { CommitRow } from "../pfs/commits.ts";
import { recordRun } from "../pps/datum-runs.ts";
import { inOrder } from "../tree/edit-order.ts";
import { fileEntry, fileKey } from "../files/file-set.ts";
import type { Hold } from "../store/hold.ts";
import { findJobById, hasEnded, outputCommit } from "../pps/jobs.ts";
import { type Edit, applyEdits } from "../tree/tree.ts";
import { findMetaCommit, metaFiles } from "./meta-files.ts";
import type { Outcome } from "./attempt.ts";
import type { JobWork } from "./job-work.ts";

/** What has come of a datum, and what holds the content of it until it is recorded. */
export interface Result {
  readonly outcome: Outcome;
  /** The datum's place among those of its job. */
  readonly index: number;
  readonly hold: Hold;
}

const MOST_WAITING = 64;
const LONGEST_WAIT_MS = 100;

/**
 * Keeps what comes of a job's datums, many in one transaction: what is lost when the engine is killed in between just runs
 * again. Without `flush` at the end, the last ones are lost.
 */
export class Results {
  readonly #work: JobWork;
  readonly #onFailure: (error: unknown) => void;
  #waiting: Result[] = [];
  #timer: NodeJS.Timeout | undefined;
  #recording: Promise<void> = Promise.resolve();

  constructor(work: JobWork, onFailure: (error: unknown) => void) {
    this.#work = work;
    this.#onFailure = onFailure;
  }

  /** Takes results that are to be recorded together. */
  add(results: readonly Result[]): void {
    this.#waiting.push(...results);
    if (this.#waiting.length >= MOST_WAITING) this.#record();
    else this.#timer ??= setTimeout(() => this.#record(), LONGEST_WAIT_MS);
  }

  /** Resolves when all is on the disk. */
  async flush(): Promise<void> {
    this.#record();
    await this.#recording;
  }

  #record(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const results = this.#waiting;
    this.#waiting = [];
    this.#recording = this.#recording.then(() => this.#write(results)).catch(this.#onFailure);
  }

  async #write(results: readonly Result[]): Promise<void> {
    if (results.length === 0) return;
    const { state, spec, job, running } = this.#work;
    const named = { pipeline: spec.pipeline, id: job.set_id };
    try {
      const meta: Edit[] = [];
      for (const { outcome, index, hold } of results) meta.push(...(await metaFiles(state, { ...named, index }, outcome, hold)));
      this.#commit(results, meta);
    } finally {
      for (const { hold, outcome } of results) {
        hold[Symbol.dispose]();
        running.forget(outcome.datum);
      }
    }
  }

  #commit(results: readonly Result[], meta: Edit[]): void {
    const {
      state,
      job: { id: jobId },
    } = this.#work;
    state.write((tx) => {
      const job = findJobById(tx.db, jobId);
      if (job === undefined || hasEnded(job)) return;
      const edits = results.flatMap(({ outcome }) =>
        outcome.outputs.map(({ path, content }) => ({ key: fileKey(path, outcome.datum.id), entry: fileEntry(content) })),
      );
      const add = ({ id, root }: CommitRow, files: Edit[]): number =>
        tx.db.run("UPDATE commits SET root = ? WHERE id = ?", applyEdits(state.nodes, root, inOrder(files)), id);
      add(outputCommit(tx.db, job), edits);
      const metaCommit = findMetaCommit(tx.db, job);
      if (metaCommit !== undefined) add(metaCommit, meta);
      for (const { outcome } of results) {
        const outputs = outcome.outputs.map(({ path }) => path);
        recordRun(tx, job, outcome.datum, { state: outcome.state, outputs, stats: outcome.stats });
      }
    });
  }
}
