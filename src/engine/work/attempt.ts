import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StemmaError } from "../../lineage/errors.ts";
import type { StoredContent } from "../store/content-store.ts";
import type { DatumState, DatumStats } from "../pps/datum-runs.ts";
import type { Datum } from "../pps/datums.ts";
import { Fault } from "../fault.ts";
import type { Hold } from "../store/hold.ts";
import { type Slot, reasonOf } from "../sandbox/slot.ts";
import { storageFault } from "../store/storage-fault.ts";
import { clearFolder, download, giveTo } from "./download.ts";
import { datumVariables, envFile } from "./environment.ts";
import type { JobWork, Processor } from "./job-work.ts";
import { outputSource } from "./output-source.ts";
import { type Output, upload } from "./upload.ts";

/** What came of a datum. */
export interface Outcome {
  readonly datum: Datum;
  readonly state: DatumState;
  /** Why it failed, or had to be recovered; otherwise empty. */
  readonly reason: string;
  /** What it read, by path in /pfs. */
  readonly inputs: ReadonlyMap<string, StoredContent>;
  /** What stood in /pfs/.env. */
  readonly env: string;
  readonly outputs: readonly Output[];
  readonly stats: DatumStats;
}

/** Where a datum is worked on. */
export interface Place {
  readonly slot: Slot;
  readonly processor: Processor;
  /** Of what the datum stores. */
  readonly hold: Hold;
}

/** One attempt at a datum: puts what it reads into /pfs, has it worked on, and stores what it wrote. */
export class Attempt {
  readonly #work: JobWork;
  readonly #place: Place;
  readonly #datum: Datum;
  readonly #signal: AbortSignal;
  /** When it began, and when each of its three parts ended. */
  readonly #times = [performance.now()];
  #inputs: Outcome["inputs"] = new Map();
  #outputs: readonly Output[] = [];
  #downloadBytes = 0;

  /** The signal ends it besides that of the job. */
  constructor(work: JobWork, place: Place, datum: Datum, signal: AbortSignal) {
    this.#work = work;
    this.#place = place;
    this.#datum = datum;
    this.#signal = AbortSignal.any([work.signal, signal]);
  }

  async run(): Promise<Outcome> {
    const variables = datumVariables(this.#datum);
    const env = envFile({ ...this.#work.environment.open, ...variables });
    const reason = reasonOf(this.#signal) || (await this.#process(variables, env).catch(expected));
    const [datum, inputs, outputs] = [this.#datum, this.#inputs, this.#outputs];
    return { datum, state: reason === "" ? "SUCCESS" : "FAILED", reason, inputs, env, outputs, stats: this.#stats() };
  }

  /** Answers what went wrong, or nothing. */
  async #process(variables: Readonly<Record<string, string>>, env: string): Promise<string> {
    const { slot, processor, hold } = this.#place;
    await clearFolder(slot.pfs);
    const fetched = await download(this.#work.state, this.#datum, slot.pfs, hold);
    this.#inputs = fetched.files;
    try {
      await writeFile(join(slot.pfs, ".env"), slot.toText(env));
      if (this.#work.account !== undefined) await giveTo(this.#work.account, slot.pfs);
      this.#times.push(performance.now());
      const problem = await processor.process(this.#datum.id, variables, this.#signal);
      this.#times.push(performance.now());
      if (problem !== "") return problem;
    } finally {
      await fetched.lazy.stop();
      this.#downloadBytes = fetched.bytes();
    }
    const { inherited: environment } = this.#work.environment;
    const [datum, inputs, signal] = [this.#datum, this.#inputs, this.#signal];
    const source = outputSource({ slot, processor, datum, inputs, environment, signal });
    this.#outputs = await upload(this.#work.state.content, source, hold);
    return "";
  }

  #stats(): DatumStats {
    const end = performance.now();
    const [begin = end, processing = end, uploading = end] = this.#times;
    return {
      downloadMs: processing - begin,
      processMs: uploading - processing,
      uploadMs: end - uploading,
      downloadBytes: this.#downloadBytes,
      uploadBytes: this.#outputs.reduce((sum, { content }) => sum + content.bytes, 0),
    };
  }
}

/** What goes wrong with a datum's files, or with the disk, fails the attempt; anything else is a bug, and goes on. */
function expected(error: unknown): string {
  if (error instanceof Fault || error instanceof StemmaError) return error.message;
  const broken = storageFault(error);
  if (broken !== undefined) return broken.message;
  if (typeof (error as NodeJS.ErrnoException).errno === "number") return (error as Error).message;
  throw error;
}
