import { StemmaError } from "../lineage/errors.ts";
import type { Datum } from "./pps/datums.ts";
import { Fault } from "./fault.ts";
import { isReady } from "./pfs/finish.ts";
import { JobLog } from "./pps/job-log.ts";
import { type JobRow, findJobById, hasEnded, nextJobs, outputCommit, restartJobs } from "./pps/jobs.ts";
import { removeTree } from "./sandbox/remove-tree.ts";
import type { Sandbox } from "./sandbox/sandbox.ts";
import { killStrays } from "./sandbox/strays.ts";
import type { Secrets } from "./pps/secrets.ts";
import type { EngineState } from "./state.ts";
import { storageFault } from "./store/storage-fault.ts";
import type { UrlAccess } from "./urls/access.ts";
import type { JobTools } from "./work/job-tools.ts";
import { end, runJob } from "./work/run-job.ts";
import { RunningDatums } from "./work/running-datums.ts";
import { WorkerServer } from "./work/worker-server.ts";
import { workFolder } from "./work/workers.ts";

export interface RunnerOptions {
  readonly state: EngineState;
  readonly secrets: Secrets;
  readonly sandbox: Sandbox;
  /** Where jobs may write their output to besides. */
  readonly urls: UrlAccess;
  /** Where commands run whose spec names no folder. */
  readonly workingDirectory: string;
  readonly log: (line: string) => void;
}

interface ActiveJob {
  readonly abort: AbortController;
  readonly running: RunningDatums;
  readonly done: Promise<void>;
}

/** How long nothing is begun where the disk is full: a job that cannot even be ended would be begun again at once. */
const AFTER_FULL_DISK_MS = 5000;

/** Takes up each job when its input is there, one job a pipeline at a time, and drives it to its end. */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #logs: JobLog;
  readonly #active = new Map<number, ActiveJob>();
  #tools: JobTools | undefined;
  #worker: WorkerServer | undefined;
  #forget: () => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  #isClosed = false;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#logs = new JobLog(options.state, options.log);
  }

  /** Takes up what is to be done, also what an engine before left in the middle. Every job inherits the environment. */
  async start(environment: Readonly<Record<string, string>>): Promise<void> {
    const { state, log } = this.#options;
    killStrays(workFolder(state.home));
    await removeTree(workFolder(state.home));
    this.#worker = await WorkerServer.start(log);
    this.#tools = { ...this.#options, logs: this.#logs, environment, workerPort: this.#worker.port };
    state.write((tx) => restartJobs(tx));
    this.#forget = state.onChange(() => this.#look());
    this.#look();
  }

  /** Kills what runs. The jobs stay as they are, to be taken up again by the next engine of this home. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#forget();
    clearTimeout(this.#timer);
    for (const { abort } of this.#active.values()) abort.abort(new StemmaError("FAILED", "the engine is stopping"));
    await Promise.all([...this.#active.values()].map(({ done }) => done));
    this.#worker?.close();
    this.#logs.flush();
  }

  /** Has the datums of a job that are worked on now, and that all filters match, begin anew. Answers how many. */
  restartDatums(job: JobRow, filters: readonly string[]): number {
    return this.#active.get(job.id)?.running.restart(filters) ?? 0;
  }

  /** A datum that a job works on now. */
  findRunning(job: number, datum: string): Datum | undefined {
    return this.#active.get(job)?.running.find(datum);
  }

  /** Looks for work once after all that happens now: a change made while looking brings another look. */
  #look(): void {
    if (this.#isLooking || this.#isClosed) return;
    this.#isLooking = true;
    setImmediate(() => {
      this.#isLooking = false;
      if (!this.#isClosed) this.#schedule();
    });
  }

  #schedule(): void {
    const { db } = this.#options.state;
    for (const [id, { abort }] of this.#active) {
      const job = findJobById(db, id);
      if (job === undefined || hasEnded(job)) abort.abort(new StemmaError("FAILED", "the job has ended"));
    }
    if (this.#timer !== undefined) return;
    for (const job of nextJobs(db)) {
      if (!this.#active.has(job.id) && isReady(db, outputCommit(db, job))) this.#begin(job);
    }
  }

  #begin(job: JobRow): void {
    if (this.#tools === undefined) return;
    const [abort, running] = [new AbortController(), new RunningDatums()];
    const done = runJob(this.#tools, job, running, abort.signal)
      .catch((error: unknown) => this.#giveUp(job, error))
      .catch((error: unknown) => this.#pause(error))
      .finally(() => {
        this.#active.delete(job.id);
        this.#look();
      });
    this.#active.set(job.id, { abort, running, done });
  }

  /** A job that cannot be run at all (a secret is missing) fails with that reason; with a bug of ours too, which is logged. */
  #giveUp(job: JobRow, error: unknown): void {
    if (this.#isClosed) return;
    const fault = error instanceof Fault ? error : storageFault(error);
    if (fault === undefined)
      this.#options.log(`job ${job.set_id}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    const reason = fault?.message ?? "internal error; the engine's log has it";
    end({ state: this.#options.state, logs: this.#logs }, job, { state: "JOB_FAILURE", reason });
  }

  /** Not even the end of the job could be written down. */
  #pause(error: unknown): void {
    this.#options.log(`jobs wait for the disk: ${storageFault(error)?.message ?? String(error)}`);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#look();
    }, AFTER_FULL_DISK_MS);
  }
}
