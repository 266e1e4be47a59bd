import type { NewRun } from "../../src/mlflow/client.ts";
import { randomFrom } from "../../src/stages/random.ts";
import type { Random } from "../../src/stages/random.ts";
import type { TestEngine } from "../helpers/engine.ts";
import { commitFiles, pipeline, repo } from "../helpers/engine.ts";
import type { OwnMlflow } from "../helpers/own-mlflow.ts";
import type { InputTree } from "./datums.ts";
import { digestOf } from "./names.ts";
import { Tracking } from "./tracking.ts";
import type { StoredJob } from "./world.ts";
import { chance, pick, World } from "./world.ts";

/** A random history on a real engine and a real MLflow server, with a world beside it that notes what has to be true. */
export class RealServers {
  readonly world = new World();
  readonly tracking = new Tracking();
  readonly #engine: TestEngine;
  readonly #mlflow: OwnMlflow;
  readonly #random: Random;
  readonly #prefix: string;

  constructor(engine: TestEngine, mlflow: OwnMlflow, seed: number) {
    this.#engine = engine;
    this.#mlflow = mlflow;
    this.#random = randomFrom(seed);
    this.#prefix = `s${seed}`;
  }

  /** Two repos with data. */
  async begin(): Promise<void> {
    for (const name of ["a", "b"]) {
      await this.#engine.client.createRepo(repo(this.#named(name)));
      this.world.createRepo(repo(this.#named(name)));
      await this.#commit(this.#named(name));
    }
  }

  /** Pipelines over one or two of what there is, more data, runs that say what they read. */
  async happen(operations: number): Promise<void> {
    for (let left = operations; left > 0; left -= 1) {
      const dice = this.#random.below(10);
      if (dice < 3) await this.#commit(this.#named(dice === 0 ? "a" : "b"));
      else if (dice < 6 && this.world.pipelines.size < 4) await this.#createPipeline();
      else if (dice < 9) await this.#run();
      else await this.#deleteRun();
    }
  }

  #named(name: string): string {
    return `${this.#prefix}-${name}`;
  }

  async #commit(name: string): Promise<void> {
    const id = await commitFiles(this.#engine.client, name, { [`/${this.#random.below(5)}`]: `${this.#random.bits()}\n` });
    this.world.givenIds.push(id);
    await this.#finish(
      this.world.commit(repo(name), "master", (files) => files.set("/a", { datum: "default", hash: id, text: "" })),
    );
  }

  async #createPipeline(): Promise<void> {
    const name = this.#named(`p${this.world.pipelines.size}`);
    const repos = [this.#named("a"), this.#named("b"), ...[...this.world.pipelines.values()].map((each) => each.name.name)];
    const inputs = new Set([pick(repos, this.#random.below(99)) ?? "", pick(repos, this.#random.below(99)) ?? ""]);
    const cross = [...inputs].map((input) => ({ pfs: { repo: input, glob: "/" } }));
    const transform = { cmd: ["sh", "-c", "ls /pfs > /pfs/out/seen"] };
    await this.#engine.client.createPipeline(JSON.stringify({ pipeline: { name }, transform, input: { cross } }));
    const { commit } = await this.#engine.client.inspectCommit({ repo: repo(name), at: "master" });
    this.world.givenIds.push(commit.id);
    const parts = [...inputs].map((input): InputTree => ({
      kind: "pfs",
      input: { name: input, repo: repo(input), branch: "master", glob: "/", commit: "" },
    }));
    await this.#finish(this.world.createPipeline(pipeline(name), { kind: "cross", parts }, { tracked: false }));
  }

  async #finish(jobs: readonly StoredJob[]): Promise<void> {
    for (const job of jobs) {
      await this.#engine.client.inspectJob(job.name, { wait: true });
      job.finished = this.world.now;
    }
  }

  async #run(): Promise<void> {
    const commits = [...this.world.commits.values()].filter(({ name }) => name.repo.type === "user");
    const read = pick(commits, this.#random.below(999))?.name;
    const parent = pick([...this.tracking.runs.keys()], this.#random.below(999));
    const input = { name: "in", project: "default", repo: read?.repo.name, branch: "master", commit: read?.id, path: "/" };
    const tags: Readonly<Record<string, string>> = {
      ...(chance(this.#random, 70) ? { "pachyderm.inputs": JSON.stringify([input]) } : {}),
      ...(chance(this.#random, 30) && parent !== undefined ? { "mlflow.parentRunId": parent } : {}),
      ...(chance(this.#random, 50) ? { "mlflow.source.git.commit": digestOf("code", 40) } : {}),
    };
    const experimentId = await this.#mlflow.experimentId(this.#mlflow.experiment);
    const run: NewRun = { experimentId, name: "run", startTime: new Date(), tags };
    const { id } = await this.#mlflow.createRun(run);
    await this.#mlflow.updateRun(id, { status: "FINISHED", endTime: new Date() });
    this.tracking.addRun({ id, began: run.startTime, ended: run.startTime, status: "FINISHED", experimentId, tags });
  }

  async #deleteRun(): Promise<void> {
    const id = pick([...this.tracking.runs.keys()], this.#random.below(999));
    if (id === undefined || this.tracking.runs.get(id)?.deleted === true) return;
    await this.#mlflow.deleteRun(id);
    this.tracking.changeRun(id, { deleted: true });
  }
}
