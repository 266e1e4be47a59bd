import type { Run } from "../../mlflow/types.ts";
import type { RunKeeper } from "../ports.ts";
import { type WantedRun, openRun } from "./open-run.ts";

/** The way to one run: it is opened when it is first needed and MLflow answers, and then stays the same. */
export class RunDoor {
  readonly #runs: RunKeeper;
  readonly #wanted: WantedRun;
  #run: Run | undefined;
  #opening: Promise<Run> | undefined;
  #hasTried = false;

  constructor(runs: RunKeeper, wanted: WantedRun) {
    this.#runs = runs;
    this.#wanted = wanted;
  }

  get run(): Run | undefined {
    return this.#run;
  }

  /** Rejects with UNREACHABLE while MLflow is away. */
  open(): Promise<Run> {
    if (this.#run !== undefined) return Promise.resolve(this.#run);
    this.#opening ??= this.#open().finally(() => (this.#opening = undefined));
    return this.#opening;
  }

  async #open(): Promise<Run> {
    const hasTried = this.#hasTried;
    this.#hasTried = true;
    this.#run = await openRun(this.#runs, this.#wanted, hasTried);
    return this.#run;
  }
}
