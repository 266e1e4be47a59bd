import type { Database } from "../store/database.ts";
import type { Datum, DatumFile } from "./datums.ts";
import type { JobRow } from "./jobs.ts";
import type { Transaction } from "../transaction.ts";
import { EMPTY_ROOT, type Edit, type Entry, type NodeStore, applyEdits, entries, findEntry } from "../tree/tree.ts";

export type DatumState = "SUCCESS" | "FAILED" | "RECOVERED";

export interface DatumStats {
  readonly downloadMs: number;
  readonly processMs: number;
  readonly uploadMs: number;
  readonly downloadBytes: number;
  readonly uploadBytes: number;
}

export const NO_STATS: DatumStats = { downloadMs: 0, processMs: 0, uploadMs: 0, downloadBytes: 0, uploadBytes: 0 };

export interface DatumResult {
  readonly state: DatumState;
  /** Paths in the output commit. */
  readonly outputs: readonly string[];
  readonly stats: DatumStats;
}

/** That a datum was worked on, and what came of it. */
export interface DatumRun {
  readonly id: number;
  /** The job that did it, which later ones refer to that skip the datum. It may be deleted. */
  readonly setId: string;
  readonly datum: string;
  readonly hash: string;
  readonly state: DatumState;
  readonly files: readonly DatumFile[];
  readonly outputs: readonly string[];
  readonly stats: DatumStats;
}

interface RunRow {
  readonly id: number;
  readonly set_id: string;
  readonly datum: string;
  readonly hash: string;
  readonly state: DatumState;
  readonly files: string;
  readonly outputs: string;
  readonly stats: string;
}

const PAGE = 500;
/** Ids are hexadecimal. */
const BEHIND_ALL = "g";

/** Keeps what came of a datum, which a job works on once, and counts it. */
export function recordRun(tx: Transaction, job: JobRow, datum: Datum, { state, outputs, stats }: DatumResult): void {
  tx.db.run(
    `INSERT INTO datum_runs (pipeline, set_id, datum, hash, state, files, outputs, stats) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    job.pipeline,
    job.set_id,
    datum.id,
    datum.hash,
    state,
    JSON.stringify(datum.files),
    JSON.stringify(outputs),
    JSON.stringify(stats),
  );
  tx.db.run(
    `UPDATE jobs SET data_processed = data_processed + ?, data_failed = data_failed + ?, data_recovered = data_recovered + ?,
     download_ms = download_ms + ?, process_ms = process_ms + ?, upload_ms = upload_ms + ?,
     download_bytes = download_bytes + ?, upload_bytes = upload_bytes + ? WHERE id = ?`,
    Number(state === "SUCCESS"),
    Number(state === "FAILED"),
    Number(state === "RECOVERED"),
    stats.downloadMs,
    stats.processMs,
    stats.uploadMs,
    stats.downloadBytes,
    stats.uploadBytes,
    job.id,
  );
}

/** A datum that a job worked on or skipped. */
export function findRun(db: Database, nodes: NodeStore, job: JobRow, datum: string): DatumRun | undefined {
  const own = db.get<RunRow>(
    "SELECT * FROM datum_runs WHERE pipeline = ? AND set_id = ? AND datum = ?",
    job.pipeline,
    job.set_id,
    datum,
  );
  if (own !== undefined) return toRun(own);
  const skipped = findEntry(nodes, skippedBy(job), datum);
  return skipped === undefined ? undefined : runById(db, fromSkipped(skipped).run);
}

export interface RunsOptions {
  /** Leaves out this datum and those before it. */
  readonly after?: string | undefined;
  readonly reverse?: boolean | undefined;
}

/** The datums that a job has worked on or skipped so far, in the order of their ids. Reads on as it is asked to. */
export function* runsOfJob(
  db: Database,
  nodes: NodeStore,
  job: JobRow,
  { after = "", reverse = false }: RunsOptions = {},
): IterableIterator<DatumRun> {
  const range = reverse ? { before: after || undefined } : { from: `${after}\0` };
  const skipped = entries(nodes, skippedBy(job), { ...range, reverse });
  let next = skipped.next();
  for (const row of ownRows(db, job, after, reverse)) {
    while (next.done !== true && next.value.key < row.datum !== reverse) {
      yield runById(db, fromSkipped(next.value).run);
      next = skipped.next();
    }
    yield toRun(row);
  }
  for (; next.done !== true; next = skipped.next()) yield runById(db, fromSkipped(next.value).run);
}

function* ownRows(db: Database, job: JobRow, after: string, reverse: boolean): IterableIterator<RunRow> {
  const condition = reverse ? "datum < ? ORDER BY datum DESC" : "datum > ? ORDER BY datum";
  for (let last = after || (reverse ? BEHIND_ALL : ""); ;) {
    const rows = db.all<RunRow>(
      `SELECT * FROM datum_runs WHERE pipeline = ? AND set_id = ? AND ${condition} LIMIT ${PAGE}`,
      job.pipeline,
      job.set_id,
      last,
    );
    yield* rows;
    if (rows.length < PAGE) return;
    last = rows.at(-1)?.datum ?? "";
  }
}

/** Any datum of a job that failed. */
export function findFailed(db: Database, job: JobRow): string | undefined {
  return db.get<{ datum: string }>(
    "SELECT datum FROM datum_runs WHERE pipeline = ? AND set_id = ? AND state = 'FAILED' ORDER BY id",
    job.pipeline,
    job.set_id,
  )?.datum;
}

/** The ids of all datums that a job has worked on or skipped so far. */
export function idsDealtWith(db: Database, nodes: NodeStore, job: JobRow): Set<string> {
  const skipped = Iterator.from(entries(nodes, skippedBy(job))).map(({ key }) => key);
  return new Set([...skipped, ...ownIds(db, job).map(({ datum }) => datum)]);
}

/** A run that need not be repeated. */
export interface DoneDatum {
  readonly run: number;
  readonly hash: string;
}

/** What a job did and what it skipped, by datum: all that a job that builds on it can skip. */
export function doneBy(db: Database, nodes: NodeStore, job: JobRow): Map<string, DoneDatum> {
  const done = new Map<string, DoneDatum>();
  for (const entry of entries(nodes, skippedBy(job))) done.set(entry.key, fromSkipped(entry));
  for (const { id, datum, hash, state } of ownIds(db, job)) if (state === "SUCCESS") done.set(datum, { run: id, hash });
  return done;
}

/**
 * Writes down what a job skips: what was done before, without what is gone. It is a tree, as the files of a commit are, so
 * that a job costs what it changes, and not what it skips.
 */
export function recordSkipped(
  tx: Transaction,
  nodes: NodeStore,
  job: JobRow,
  before: { readonly job: JobRow | undefined; readonly done: ReadonlyMap<string, DoneDatum>; readonly gone: readonly string[] },
): void {
  const gone = new Set(before.gone);
  const own = before.job === undefined ? [] : ownIds(tx.db, before.job);
  const edits: Edit[] = before.gone.map((key) => ({ key, entry: undefined }));
  for (const { id, datum, hash, state } of own) {
    if (state === "SUCCESS" && !gone.has(datum)) edits.push({ key: datum, entry: toEntry({ run: id, hash }) });
  }
  const root = applyEdits(
    nodes,
    skippedBy(before.job),
    edits.sort((a, b) => (a.key < b.key ? -1 : 1)),
  );
  tx.db.run("UPDATE jobs SET datums = ?, data_skipped = ? WHERE id = ?", root, before.done.size - gone.size, job.id);
}

/** The paths that a run has written in its job's output commit. */
export function outputsOf(db: Database, run: number): string[] {
  const row = db.get<{ outputs: string }>("SELECT outputs FROM datum_runs WHERE id = ?", run);
  return row === undefined ? [] : (JSON.parse(row.outputs) as string[]);
}

function ownIds(db: Database, job: JobRow): Pick<RunRow, "id" | "datum" | "hash" | "state">[] {
  return db.all("SELECT id, datum, hash, state FROM datum_runs WHERE pipeline = ? AND set_id = ?", job.pipeline, job.set_id);
}

function runById(db: Database, id: number): DatumRun {
  const row = db.get<RunRow>("SELECT * FROM datum_runs WHERE id = ?", id);
  if (row === undefined) throw new Error(`a job refers to datum run ${id}, which is gone`);
  return toRun(row);
}

function toRun({ id, set_id, datum, hash, state, files, outputs, stats }: RunRow): DatumRun {
  return {
    id,
    setId: set_id,
    datum,
    hash,
    state,
    files: JSON.parse(files) as DatumFile[],
    outputs: JSON.parse(outputs) as string[],
    stats: JSON.parse(stats) as DatumStats,
  };
}

function skippedBy(job: JobRow | undefined): string {
  return job?.datums ?? EMPTY_ROOT;
}

/** In the form of a file without content: clean-up takes a tree that is held (hold.ts) for one of files. */
function toEntry({ run, hash }: DoneDatum): { value: string; bytes: number } {
  return { value: JSON.stringify([hash, [], run]), bytes: 0 };
}

function fromSkipped({ value }: Entry): DoneDatum {
  const [hash, , run] = JSON.parse(value) as [string, [], number];
  return { run, hash };
}
