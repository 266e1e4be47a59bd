import { pipeline, shellSpec } from "../helpers/engine.ts";
import type { Random } from "./random.ts";
import type { Remote } from "./remote.ts";
import { type FoundCommit, findCommits } from "./repo-model.ts";
import { RepoWorker } from "./repo-worker.ts";

/** A client that feeds a pipeline which copies what it reads. */
export class PipelineWorker {
  readonly #input: RepoWorker;
  readonly #name: string;

  constructor(name: string, random: Random) {
    this.#name = name;
    this.#input = new RepoWorker(`${name}_in`, random, { isInput: true });
  }

  async begin(remote: Remote): Promise<void> {
    await this.#input.begin(remote);
    await this.#input.work(remote);
    const input = { pfs: { repo: this.#input.name, name: "in", glob: "/" } };
    const spec = shellSpec(this.#name, this.#input.name, "cp -r /pfs/in/. /pfs/out/", { input });
    await remote.client.createPipeline(spec);
  }

  work(remote: Remote): Promise<void> {
    return this.#input.work(remote);
  }

  /** Each output is there whole, or not yet; with `wait`, once all jobs have ended, every one. */
  async check(remote: Remote, { wait = false } = {}): Promise<void> {
    const inputs = await this.#input.check(remote);
    for await (const { job } of remote.client.listJobs({ pipeline: pipeline(this.#name) })) {
      const { state, reason } = await remote.client.inspectJob(job, { wait });
      if (wait ? state !== "JOB_SUCCESS" : /FAILURE|KILLED|UNRUNNABLE/.test(state))
        throw new Error(`job ${this.#name}@${job.id} has the state ${state}: ${reason}`);
    }
    const outputs = new Map((await findCommits(remote, this.#name, { isOutput: true })).map((output) => [output.id, output]));
    // The first output was made when the pipeline was, and so is of another set than the first input.
    for (const input of inputs.slice(1)) this.#compare(input, outputs.get(input.id), wait);
  }

  #compare(input: FoundCommit, output: FoundCommit | undefined, mustBeThere: boolean): void {
    if (output === undefined && !mustBeThere) return;
    const [wanted, found] = [input, output].map((commit) => JSON.stringify(Object.fromEntries(commit?.files ?? [])));
    if (output === undefined || wanted !== found || output.error !== "")
      throw new Error(`the output of ${this.#name}@${input.id} is not its input: ${output?.error || found} instead of ${wanted}`);
  }
}
