import { StemmaError } from "../lineage/errors.ts";
import { type CommitRow, commitById, goodRoot, provenanceOf } from "./commits.ts";
import { type Datum, type DatumRow, NO_STATS, datumsOfJob, inputCommit, planDatums, recordDatum } from "./datums.ts";
import { Fault } from "./fault.ts";
import { fileEntry, fileKey } from "./file-set.ts";
import { contradiction, isReady } from "./finish.ts";
import { type JobRow, endJob, hasEnded, jobById, nextJobs, restartJobs, setJobState } from "./jobs.ts";
import { JobLog } from "./job-log.ts";
import type { PipelineSpec } from "./pipeline-spec.ts";
import { pipelineVersion, specOf } from "./pipelines.ts";
import { repoById } from "./repos.ts";
import type { Sandbox } from "./sandbox.ts";
import type { Secrets } from "./secrets.ts";
import type { EngineState } from "./state.ts";
import type { Transaction } from "./transaction.ts";
import { EMPTY_ROOT, type Edit, applyEdits } from "./tree.ts";
import { type WorkerResult, runDatum } from "./worker.ts";

export interface RunnerOptions {
  readonly state: EngineState;
  readonly secrets: Secrets;
  readonly sandbox: Sandbox;
  /** Where commands run whose spec names no folder. */
  readonly workingDirectory: string;
  /** What every job inherits. */
  readonly environment: Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
}

/** Takes up each job when its input is there, one job a pipeline at a time, and drives it to its end. */
export class Runner {
  private readonly options: RunnerOptions;
  private readonly logs: JobLog;
  private readonly active = new Map<number, { readonly abort: AbortController; readonly done: Promise<void> }>();
  private readonly forget: () => void;
  private looking = false;
  private closed = false;

  constructor(options: RunnerOptions) {
    this.options = options;
    this.logs = new JobLog(options.state);
    options.state.write((tx) => restartJobs(tx));
    this.forget = options.state.onChange(() => this.look());
    this.look();
  }

  /** Kills what runs. The jobs stay as they are, to be taken up again by the next engine of this home. */
  async close(): Promise<void> {
    this.closed = true;
    this.forget();
    for (const { abort } of this.active.values()) abort.abort(new StemmaError("FAILED", "the engine is stopping"));
    await Promise.all([...this.active.values()].map(({ done }) => done));
    this.logs.flush();
  }

  /** Looks for work once after all that happens now: a change made while looking brings another look. */
  private look(): void {
    if (this.looking || this.closed) return;
    this.looking = true;
    setImmediate(() => {
      this.looking = false;
      if (!this.closed) this.schedule();
    });
  }

  private schedule(): void {
    const { db } = this.options.state;
    for (const [id, { abort }] of this.active) {
      const job = db.get<JobRow>("SELECT * FROM jobs WHERE id = ?", id);
      if (job === undefined || hasEnded(job)) abort.abort(new StemmaError("FAILED", "the job has ended"));
    }
    for (const job of nextJobs(db)) {
      if (!this.active.has(job.id) && isReady(db, commitById(db, job.output_commit))) this.begin(job);
    }
  }

  private begin(job: JobRow): void {
    const abort = new AbortController();
    const done = this.run(job, abort.signal)
      .catch((error: unknown) => this.giveUp(job, error))
      .finally(() => {
        this.active.delete(job.id);
        this.look();
      });
    this.active.set(job.id, { abort, done });
  }

  private async run(job: JobRow, signal: AbortSignal): Promise<void> {
    const { state } = this.options;
    const failed = failedUpstream(state, job);
    if (failed.length > 0) {
      const reason = `unrunnable because the following upstream pipelines failed: ${failed.join(", ")}`;
      state.write((tx) => endJob(tx, state.nodes, job, { state: "JOB_UNRUNNABLE", reason }));
      return;
    }
    const version = pipelineVersion(state.db, job.pipeline, job.version);
    const spec = specOf(version);
    const output = commitById(state.db, job.output_commit);
    const datums = planDatums(state, spec.input, inputCommit(state.db, spec.input, output), version.salt);
    const environment = this.environment(job, spec, commitById(state.db, version.spec_commit));
    const todo = state.write((tx) => prepareJob(tx, state, job, spec, datums));
    const timeout = spec.jobTimeoutMs === undefined ? undefined : AbortSignal.timeout(spec.jobTimeoutMs);
    const work = {
      state,
      sandbox: this.options.sandbox,
      job,
      spec,
      environment,
      workingDirectory: spec.workingDirectory || this.options.workingDirectory,
      signal: timeout === undefined ? signal : AbortSignal.any([signal, timeout]),
      log: (datum: string, user: boolean, message: string) => this.logs.add(job.id, datum, user, message),
    };
    await inParallel(todo, spec.parallelism, async (datum) => {
      const result = await runDatum(work, datum);
      if (!work.signal.aborted) state.write((tx) => keepResult(tx, state, job, datum, result));
    });
    this.logs.flush();
    if (timeout?.aborted)
      state.write((tx) => endJob(tx, state.nodes, jobById(tx.db, job.id), { state: "JOB_KILLED", reason: "job timed out" }));
    else if (!signal.aborted) state.write((tx) => conclude(tx, state, job));
  }

  /** A job whose pipeline cannot be run at all (a secret is missing) fails with that reason; a bug of ours too, and is logged. */
  private giveUp(job: JobRow, error: unknown): void {
    const { state } = this.options;
    const isOurs = !(error instanceof Fault);
    if (isOurs) this.options.log(`job ${job.set_id}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    const current = state.db.get<JobRow>("SELECT * FROM jobs WHERE id = ?", job.id);
    if (this.closed || current === undefined || hasEnded(current)) return;
    const reason = isOurs ? "internal error; the engine's log has it" : error.message;
    state.write((tx) => endJob(tx, state.nodes, current, { state: "JOB_FAILURE", reason }));
  }

  private environment(job: JobRow, spec: PipelineSpec, specCommit: CommitRow): Record<string, string> {
    const secrets: Record<string, string> = {};
    for (const secret of spec.secrets) {
      if (secret.env_var) secrets[secret.env_var] = this.options.secrets.reveal(secret.name ?? "", secret.key ?? "");
    }
    return {
      ...this.options.environment,
      PACH_IN_WORKER: "true",
      PPS_PIPELINE_NAME: spec.pipeline.name,
      PPS_PROJECT_NAME: spec.pipeline.project,
      PPS_SPEC_COMMIT: specCommit.set_id,
      PPS_POD_NAME: `${spec.pipeline.project}-${spec.pipeline.name}-v${job.version}`,
      ...spec.environment,
      ...secrets,
    };
  }
}

function failedUpstream(state: EngineState, job: JobRow): string[] {
  const upstream = provenanceOf(state.db, commitById(state.db, job.output_commit));
  return upstream.filter((commit) => commit.error !== "").map((commit) => repoById(state.db, commit.repo).name);
}

/**
 * Decides what is left to do: datums that the last good job has done with the same content are skipped and keep their output;
 * the output of all others is taken out of the commit. A job that is taken up again keeps what it had done.
 */
function prepareJob(tx: Transaction, state: EngineState, job: JobRow, spec: PipelineSpec, datums: readonly Datum[]): Datum[] {
  const { db } = tx;
  const output = commitById(db, job.output_commit);
  const isResumed = job.started !== null;
  const before = isResumed ? datumsOfJob(db, job.id) : baseDatums(db, output);
  const done = new Map(before.filter((row) => row.state === "SUCCESS" || row.state === "SKIPPED").map((row) => [row.id, row]));
  const canSkip = isResumed || !spec.everyJob;
  const isDone = (datum: Datum): boolean => canSkip && done.get(datum.id)?.hash === datum.hash;
  const kept = new Set(datums.filter(isDone).map((datum) => datum.id));
  if (!isResumed) {
    const base = goodRoot(db, output.parent === null ? undefined : commitById(db, output.parent));
    const gone: Edit[] = before.filter((row) => !kept.has(row.id)).flatMap((row) => outputEdits(row));
    const root = before.length === 0 ? EMPTY_ROOT : applyEdits(state.nodes, base, inOrder(gone));
    db.run("UPDATE commits SET base = ?, root = ? WHERE id = ?", base, root, output.id);
    for (const datum of datums) {
      const row = done.get(datum.id);
      if (kept.has(datum.id) && row !== undefined) {
        recordDatum(db, job.id, datum, { state: "SKIPPED", outputs: JSON.parse(row.outputs) as string[], stats: NO_STATS });
      }
    }
  }
  db.run("UPDATE jobs SET data_total = ? WHERE id = ?", datums.length, job.id);
  setJobState(tx, job, "JOB_RUNNING");
  return datums.filter((datum) => !kept.has(datum.id));
}

/** The datums of the last job on this branch that succeeded. */
function baseDatums(db: EngineState["db"], output: CommitRow): DatumRow[] {
  for (let at = output.parent; at !== null;) {
    const commit = commitById(db, at);
    const job = db.get<JobRow>("SELECT * FROM jobs WHERE output_commit = ? AND state = 'JOB_SUCCESS'", commit.id);
    if (job !== undefined && commit.error === "") return datumsOfJob(db, job.id);
    at = commit.parent;
  }
  return [];
}

function outputEdits(row: DatumRow): Edit[] {
  return (JSON.parse(row.outputs) as string[]).map((path) => ({ key: fileKey(path, row.id), entry: undefined }));
}

function inOrder(edits: Edit[]): Edit[] {
  return edits.sort((a, b) => (a.key < b.key ? -1 : 1));
}

function keepResult(tx: Transaction, state: EngineState, job: JobRow, datum: Datum, result: WorkerResult): void {
  const current = tx.db.get<JobRow>("SELECT * FROM jobs WHERE id = ?", job.id);
  if (current === undefined || hasEnded(current)) return;
  const edits = result.outputs.map(({ path, content }) => ({ key: fileKey(path, datum.id), entry: fileEntry(content) }));
  const { root } = commitById(tx.db, job.output_commit);
  tx.db.run("UPDATE commits SET root = ? WHERE id = ?", applyEdits(state.nodes, root, inOrder(edits)), job.output_commit);
  recordDatum(tx.db, job.id, datum, {
    state: result.state,
    outputs: result.outputs.map(({ path }) => path),
    stats: result.stats,
  });
}

function conclude(tx: Transaction, state: EngineState, job: JobRow): void {
  const current = jobById(tx.db, job.id);
  if (hasEnded(current)) return;
  const failed = datumsOfJob(tx.db, job.id).find((row) => row.state === "FAILED");
  const { base, root } = commitById(tx.db, job.output_commit);
  const reason = failed === undefined ? contradiction(state.nodes, base, root) : `datum ${failed.id} failed`;
  endJob(tx, state.nodes, current, { state: reason === "" ? "JOB_SUCCESS" : "JOB_FAILURE", reason });
}

/** Works through the items, `width` at a time. The first error stops it, after the others under way have ended. */
async function inParallel<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const results = await Promise.allSettled(
    Array.from({ length: Math.min(width, items.length) }, async () => {
      for (const item of rest) await work(item);
    }),
  );
  const failure = results.find((result) => result.status === "rejected");
  if (failure !== undefined) throw failure.reason;
}
