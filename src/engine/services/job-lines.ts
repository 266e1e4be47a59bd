import type { GetLogsRequest__Output as GetLogsRequest } from "../../pachyderm/generated/pps_v2/GetLogsRequest.ts";
import type { InputFile } from "../../pachyderm/generated/pps_v2/InputFile.ts";
import type { LogMessage } from "../../pachyderm/generated/pps_v2/LogMessage.ts";
import { findRun } from "../pps/datum-runs.ts";
import type { DatumFile } from "../pps/datums.ts";
import { refused, within } from "../fault.ts";
import type { LogRow } from "../pps/job-log.ts";
import { type JobRow, findJobById, hasEnded, inspectJob } from "../pps/jobs.ts";
import { type PipelineRow, inspectPipeline, pipelineById } from "../pps/pipelines.ts";
import { workerName } from "../work/environment.ts";
import { matches } from "../work/running-datums.ts";
import type { Parts } from "./parts.ts";
import { toJobKey, toPipelineKey } from "./pps-wire.ts";
import { toTimestamp } from "./wire.ts";

/** Lines of one kind, as they come. */
export interface Lines {
  /** Those since the last call, or the first of them; none when there are no more for now. */
  next(): LogMessage[];
  /** Whether there will be no more, when all that there are were taken. */
  isOver(): boolean;
  /** Resolves when there may be more. Rejects when the signal aborts. */
  wait(signal: AbortSignal): Promise<unknown>;
}

interface Scope {
  readonly pipeline: PipelineRow;
  /** Undefined for all of the pipeline's. */
  readonly job: JobRow | undefined;
  readonly datum: string;
  readonly sinceMs: number;
  readonly isMaster: boolean;
  readonly filters: readonly string[];
}

const PAGE = 500;
/** How far back lines are looked for where nobody says; those of a job all are found. */
const DEFAULT_SINCE_MS = 24 * 60 * 60 * 1000;

/** The lines of a pipeline's jobs, one of its jobs, or one datum. */
export class JobLines implements Lines {
  readonly #parts: Parts;
  readonly #scope: Scope;
  #last = 0;
  /** What the datum of the line before reads: lines of one datum mostly come together. */
  #files: { readonly job: number; readonly datum: string; readonly files: readonly DatumFile[] } | undefined;

  private constructor(parts: Parts, scope: Scope) {
    this.#parts = parts;
    this.#scope = scope;
  }

  /** Undefined where a request names no job and no pipeline. Throws where there is none as it names. */
  static of(parts: Parts, request: GetLogsRequest): JobLines | undefined {
    const scope = scopeOf(parts, request);
    return scope === undefined ? undefined : new JobLines(parts, scope);
  }

  next(): LogMessage[] {
    for (;;) {
      const rows = this.#page();
      this.#last = rows.at(-1)?.id ?? this.#last;
      const found = rows.filter((row) => this.#isWanted(row)).map((row) => this.#toMessage(row));
      if (found.length > 0 || rows.length < PAGE) return found;
    }
  }

  isOver(): boolean {
    const { job } = this.#scope;
    const current = job === undefined ? undefined : findJobById(this.#parts.state.db, job.id);
    return job !== undefined && (current === undefined || hasEnded(current));
  }

  wait(signal: AbortSignal): Promise<unknown> {
    return this.#parts.state.until(() => this.#page().length > 0 || this.isOver() || undefined, signal);
  }

  #page(): LogRow[] {
    const { pipeline, job, datum, sinceMs, isMaster } = this.#scope;
    return this.#parts.state.db.all(
      `SELECT l.* FROM logs l JOIN jobs j ON j.id = l.job WHERE l.id > ? AND l.time >= ? AND ? IN ('', l.datum)
       AND (l.source = 'master') = ? AND j.pipeline = ? AND j.id = coalesce(?, j.id) ORDER BY l.id LIMIT ${PAGE}`,
      this.#last,
      sinceMs,
      datum,
      Number(isMaster),
      pipeline.id,
      job?.id ?? null,
    );
  }

  #isWanted(row: LogRow): boolean {
    const { filters } = this.#scope;
    return filters.length === 0 || matches(this.#filesOf(row), filters);
  }

  #toMessage(row: LogRow): LogMessage {
    const { pipeline } = this.#scope;
    const job = findJobById(this.#parts.state.db, row.job);
    return {
      project_name: pipeline.project,
      pipeline_name: pipeline.name,
      job_id: job?.set_id ?? "",
      worker_id: row.source === "master" ? "" : workerName({ pipeline }, job?.version ?? pipeline.version),
      datum_id: row.datum,
      master: row.source === "master",
      data: this.#filesOf(row).map(toInputFile),
      user: row.source === "user",
      ts: toTimestamp(row.time),
      message: row.message,
    };
  }

  /** What a line's datum reads, as far as it is known: of a datum that was interrupted it is not. */
  #filesOf({ job, datum }: LogRow): readonly DatumFile[] {
    if (datum === "") return [];
    if (this.#files?.job !== job || this.#files.datum !== datum) this.#files = { job, datum, files: this.#lookUp(job, datum) };
    return this.#files.files;
  }

  #lookUp(jobId: number, datum: string): readonly DatumFile[] {
    const { state, runner } = this.#parts;
    const running = runner.findRunning(jobId, datum);
    if (running !== undefined) return running.files;
    const job = findJobById(state.db, jobId);
    return job === undefined ? [] : (findRun(state.db, state.nodes, job, datum)?.files ?? []);
  }
}

function scopeOf({ state: { db } }: Parts, request: GetLogsRequest): Scope | undefined {
  const wireJob = request.job ?? request.datum?.job;
  if (request.pipeline === undefined && wireJob === undefined) {
    if (request.data_filters?.length || request.datum !== undefined)
      throw refused("must specify the Job or Pipeline that the datum is from to get logs for it");
    return undefined;
  }
  if (wireJob !== undefined && !wireJob.pipeline?.name) throw refused("pipeline must be specified for the given job");
  const key = toPipelineKey(wireJob?.pipeline ?? request.pipeline);
  if (request.pipeline !== undefined) {
    const { project, name } = toPipelineKey(request.pipeline);
    if (project !== key.project || name !== key.name) throw refused("job is from the wrong pipeline");
  }
  const id = wireJob === undefined ? undefined : toJobKey(wireJob).id;
  const job = id === undefined ? undefined : within(`could not get job information for "${id}"`, () => inspectJob(db, key, id));
  const named = `project:{name:"${key.project}"} name:"${key.name}"`;
  const pipeline =
    job === undefined
      ? within(`could not get pipeline information for ${named}`, () => inspectPipeline(db, key))
      : pipelineById(db, job.pipeline);
  return {
    pipeline,
    job,
    datum: request.datum?.id ?? "",
    sinceMs: sinceMs(request, job),
    isMaster: request.master ?? false,
    filters: request.data_filters ?? [],
  };
}

function sinceMs({ since }: GetLogsRequest, job: JobRow | undefined): number {
  const backMs = Number(since?.seconds ?? 0) * 1000 + (since?.nanos ?? 0) / 1e6;
  if (backMs > 0) return Date.now() - backMs;
  return job === undefined ? Date.now() - DEFAULT_SINCE_MS : 0;
}

function toInputFile({ path, hash }: DatumFile): InputFile {
  return { path, hash: Buffer.from(hash, "hex") };
}
