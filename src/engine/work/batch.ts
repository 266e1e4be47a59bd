import type { Ended, Slot } from "../sandbox/slot.ts";
import { type JobWork, type Processor, datumLimit, runProgram } from "./job-work.ts";
import { WorkerServer } from "./worker-server.ts";

/** The program waits for a datum, and says how it went with the one before. */
interface Request {
  readonly error: string;
  readonly answer: (env: string[]) => void;
}

interface RunningProgram {
  readonly ended: Promise<Ended>;
  readonly abort: AbortController;
}

/**
 * A worker whose program is started once, and asks for one datum after the other (`datum_batching`). It is started again only
 * where it has ended, or had to be ended, while there are datums left. Where there is none, its call waits: it is ended with
 * the job.
 */
export class Batch implements Processor {
  readonly keepsSlot = true;
  readonly #work: JobWork;
  readonly #slot: Slot;
  readonly #requests = new Set<Request>();
  #onRequest: () => void = () => undefined;
  #program: RunningProgram | undefined;
  #server: WorkerServer | undefined;
  /** The datum that the program works on. */
  #datum = "";

  constructor(work: JobWork, slot: Slot) {
    this.#work = work;
    this.#slot = slot;
  }

  async process(datum: string, variables: Readonly<Record<string, string>>, signal: AbortSignal): Promise<string> {
    const request = await this.#nextRequest(signal);
    if (typeof request === "string") return request;
    this.#requests.delete(request);
    this.#datum = datum;
    const environment = { ...this.#work.environment.open, ...variables };
    request.answer(Object.entries(environment).map(([name, value]) => `${name}=${value}`));
    using limit = datumLimit(this.#work.spec);
    const done = await this.#nextRequest(AbortSignal.any([signal, limit.signal]));
    this.#datum = "";
    return typeof done === "string" ? done : done.error;
  }

  async release(): Promise<void> {
    this.#program?.abort.abort(new Error("the program is not needed any more"));
    await this.#program?.ended;
    this.#program = undefined;
  }

  async close(): Promise<void> {
    await this.release();
    this.#server?.close();
  }

  /** The first request that waits; or why there will be none, and then the program has ended. Ends it when the signal aborts. */
  async #nextRequest(signal: AbortSignal): Promise<Request | string> {
    const { ended, abort } = (this.#program ??= await this.#start());
    const stop = (): void => abort.abort(signal.reason);
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    try {
      for (;;) {
        const asked = new Promise<undefined>((resolve) => (this.#onRequest = () => resolve(undefined)));
        const [request] = this.#requests;
        if (request !== undefined && !signal.aborted) return request;
        const end = await Promise.race([asked, ended]);
        if (end === undefined) continue;
        this.#program = undefined;
        return end.reason || `the program ended with exit code ${end.code} before it asked for the next datum`;
      }
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  async #start(): Promise<RunningProgram> {
    const { spec, signal, log } = this.#work;
    this.#server ??= await WorkerServer.start(
      (line) => log("", false, line),
      (error, gone) => this.#ask(error, gone),
    );
    const abort = new AbortController();
    const ended = runProgram(this.#work, this.#slot, {
      program: spec.program,
      datum: () => this.#datum,
      variables: { PPS_WORKER_GRPC_PORT: String(this.#server.port) },
      signal: AbortSignal.any([signal, abort.signal]),
    });
    return { ended, abort };
  }

  #ask(error: string, gone: AbortSignal): Promise<string[]> {
    return new Promise((resolve, reject) => {
      const request = { error, answer: resolve };
      this.#requests.add(request);
      gone.addEventListener("abort", () => {
        this.#requests.delete(request);
        reject(gone.reason as Error);
      });
      this.#onRequest();
    });
  }
}
