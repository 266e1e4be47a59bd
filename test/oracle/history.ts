import * as fc from "fast-check";
import { randomFrom } from "../../src/stages/random.ts";
import type { Random } from "../../src/stages/random.ts";
import type { PipelineName, RepoName } from "../../src/pachyderm/types.ts";
import type { InputTree } from "./datums.ts";
import { digestOf, pipelineKey, repoKey, repoName } from "./names.ts";
import { droppableSets, removablePipelines, removePipeline, removeSet, squashableSets } from "./removals.ts";
import { runJobs } from "./run-jobs.ts";
import { codeTags, logModel } from "./track-datum.ts";
import type { Tracking } from "./tracking.ts";
import type { StoredFile, StoredJob, World } from "./world.ts";
import { chance, pick } from "./world.ts";

/** What can happen, and how often as against the others. */
const OFTEN = {
  commit: 10,
  pipeline: 6,
  update: 2,
  branch: 2,
  derive: 1,
  hold: 2,
  settle: 2,
  run: 4,
  child: 1,
  model: 2,
  alias: 3,
  stage: 1,
  deleteRun: 2,
  restoreRun: 1,
  endRun: 1,
  forgetRun: 1,
  squash: 2,
  drop: 2,
  deletePipeline: 1,
  sync: 5,
  fullSync: 1,
  killedSync: 3,
  newIndex: 1,
  ask: 2,
} as const;

export type Kind = keyof typeof OFTEN;

/** One thing that happens. The seed draws all that it leaves open, so that a history stays one when operations are left out. */
export interface Operation {
  readonly kind: Kind;
  readonly seed: number;
}

const anyOperation: fc.Arbitrary<Operation> = fc.record({
  kind: fc.oneof(...Object.entries(OFTEN).map(([kind, weight]) => ({ weight, arbitrary: fc.constant(kind as Kind) }))),
  seed: fc.nat({ max: 999_999 }),
});

/** Up to 80 operations; what shows a failure is made shorter by leaving some out. */
export const anyHistory = fc.noBias(fc.array(anyOperation, { maxLength: 80, size: "max" }));

/** The most pipelines and runs of datums that a history may have: they multiply. */
const MOST_PIPELINES = 4;
const PATHS = ["/a", "/b", "/x/1", "/x/2", "/y/1", "/y/z/1"];
const REPOS = [repoName("default", "raw"), repoName("default", "more"), repoName("other", "raw")];

/** The part of a history that happens in the servers. */
export class Servers {
  readonly world: World;
  readonly tracking: Tracking;
  #held: readonly StoredJob[] = [];

  constructor(world: World, tracking: Tracking) {
    this.world = world;
    this.tracking = tracking;
    for (const repo of REPOS) world.createRepo(repo);
  }

  /** Does what an operation says, or nothing where there is nothing to do it to. */
  do({ kind, seed }: Operation): void {
    const random = randomFrom(seed);
    switch (kind) {
      case "commit":
        return this.#run(this.#commit(random), seed);
      case "hold":
        this.#settle(seed);
        this.#held = this.#commit(random);
        return;
      case "settle":
        return this.#settle(seed);
      case "pipeline":
        return this.#createPipeline(random, seed);
      case "update":
        return this.#updatePipeline(random, seed);
      case "branch":
        return this.#moveBranch(random, seed);
      case "derive":
        return this.#derive(random, seed);
      case "squash":
        return this.#remove(squashableSets, random);
      case "drop":
        return this.#remove(droppableSets, random);
      case "deletePipeline":
        return this.#deletePipeline(random);
      default:
        return this.#track(kind, random);
    }
  }

  #run(jobs: readonly StoredJob[], seed: number): void {
    this.#settle(seed);
    runJobs(this.world, this.tracking, jobs, seed);
  }

  /** Jobs that were left undone end. */
  #settle(seed: number): void {
    const held = this.#held;
    this.#held = [];
    runJobs(this.world, this.tracking, held, seed);
  }

  #commit(random: Random): readonly StoredJob[] {
    const repo = pick(REPOS, random.below(99)) ?? repoName("default", "raw");
    const branch = chance(random, 85) ? "master" : "dev";
    return this.world.commit(repo, branch, (files) => change(files, random));
  }

  #createPipeline(random: Random, seed: number): void {
    if (this.world.pipelines.size >= MOST_PIPELINES) return;
    const name = { project: chance(random, 70) ? "default" : "other", name: `p${digestOf(`${seed}`, 4)}` };
    if (this.world.repos.has(repoKey(repoName(name.project, name.name)))) return;
    const inputs = anyInputs(this.world, random);
    this.#run(this.world.createPipeline(name, inputs, { tracked: chance(random, 50) }), seed);
  }

  #updatePipeline(random: Random, seed: number): void {
    const pipeline = pick([...this.world.pipelines.values()], random.below(99));
    const inputs = pipeline?.versions.at(-1)?.inputs;
    if (pipeline === undefined || inputs === undefined) return;
    this.#settle(seed);
    this.#run(this.world.updatePipeline(pipeline.name, inputs, { reprocess: chance(random, 50) }), seed);
  }

  #moveBranch(random: Random, seed: number): void {
    const repo = pick(REPOS, random.below(99)) ?? repoName("default", "raw");
    const commits = [...this.world.commits.values()].filter(({ name }) => repoKey(name.repo) === repoKey(repo));
    const head = pick(commits, random.below(99));
    if (head === undefined) return;
    const branch = pick(["master", "dev", "good"], random.below(3)) ?? "dev";
    if (this.world.head(repo, branch)?.name.id === head.name.id) return;
    this.#settle(seed);
    this.#run(this.world.moveBranch(repo, branch, head.name.id), seed);
  }

  /** A commit that was made of others without a pipeline. */
  #derive(random: Random, seed: number): void {
    this.#settle(seed);
    const repo = repoName("default", "derived");
    if (!this.world.repos.has(repoKey(repo))) this.world.createRepo(repo);
    const origins = REPOS.flatMap((each) => this.world.head(each, "master")?.name ?? []).slice(0, 1 + random.below(2));
    if (origins.length === 0) return;
    const files = new Map<string, StoredFile>();
    change(files, random);
    this.world.store({ repo, id: this.world.newId("set") }, "master", "AUTO", origins, files);
  }

  #remove(choices: (world: World) => readonly string[], random: Random): void {
    if (this.#held.length > 0) return;
    const id = pick(choices(this.world), random.below(99));
    if (id !== undefined) removeSet(this.world, id);
  }

  #deletePipeline(random: Random): void {
    if (this.#held.length > 0) return;
    const name: PipelineName | undefined = pick(removablePipelines(this.world), random.below(99));
    if (name !== undefined) removePipeline(this.world, name);
  }

  #track(kind: Kind, random: Random): void {
    const { tracking, world } = this;
    const runs = [...tracking.runs.values()];
    const run = pick(runs, random.below(9999));
    const version = pick([...tracking.versions.values()], random.below(9999));
    if (kind === "run") this.#addRun(random);
    if (kind === "child" && run !== undefined)
      tracking.addRun({ ...this.#times(true), status: "FINISHED", experimentId: "2", tags: { "mlflow.parentRunId": run.id } });
    if (kind === "model" && run !== undefined) logModel(world, tracking, run.id, random);
    if (kind === "alias" && version !== undefined)
      tracking.moveAlias(
        version.name,
        pick(["champion", "challenger"], random.below(2)) ?? "",
        chance(random, 85) ? version.version : undefined,
      );
    if (kind === "stage" && version !== undefined)
      tracking.setStage(
        `${version.name}/${version.version}`,
        pick(["Staging", "Production", "Archived", "None"], random.below(4)) ?? "",
        world.tick(),
      );
    if (kind === "deleteRun" && run !== undefined) tracking.changeRun(run.id, { deleted: true });
    const deleted = pick(
      runs.filter((each) => each.deleted),
      random.below(99),
    );
    if (kind === "restoreRun" && deleted !== undefined) tracking.changeRun(deleted.id, { deleted: false });
    if (kind === "forgetRun" && deleted !== undefined && deleted.outputs.length === 0) tracking.forgetRun(deleted);
    const open = pick(
      runs.filter(({ status }) => status === "RUNNING"),
      random.below(99),
    );
    if (kind === "endRun" && open !== undefined) tracking.changeRun(open.id, { status: "FINISHED", endTime: world.tick() });
  }

  #times(isEnded: boolean): { readonly began: Date; readonly ended: Date | undefined } {
    return { began: this.world.tick(), ended: isEnded ? this.world.tick() : undefined };
  }

  /** A run outside of jobs, that says what it read. */
  #addRun(random: Random): void {
    const { tracking, world } = this;
    const commits = [...world.commits.values()].filter(
      ({ name, finished }) => name.repo.type === "user" && finished !== undefined,
    );
    const inputs = [random.below(999), random.below(999)].slice(0, random.below(3)).flatMap((at) => {
      const commit = pick(commits, at);
      if (commit === undefined) return [];
      const { repo, id } = commit.name;
      const path = chance(random, 50) ? "/" : (pick([...commit.files.keys()], at) ?? "/");
      return [{ name: repo.name, project: repo.project, repo: repo.name, branch: "master", commit: id, path }];
    });
    const isOpen = chance(random, 15);
    tracking.addRun({
      ...this.#times(!isOpen),
      status: isOpen ? "RUNNING" : "FINISHED",
      experimentId: String(1 + random.below(3)),
      tags: { ...codeTags(random), ...(inputs.length === 0 ? {} : { "pachyderm.inputs": JSON.stringify(inputs) }) },
      datasets: chance(random, 30)
        ? [
            {
              name: "prices",
              digest: digestOf(`prices ${random.below(2)}`, 8),
              sourceType: "http",
              source: "{}",
              context: undefined,
            },
          ]
        : [],
      modelInputs: chance(random, 30) ? [...tracking.models.keys()].slice(-1) : [],
    });
  }
}

function change(files: Map<string, StoredFile>, random: Random): void {
  for (let left = 1 + random.below(3); left > 0; left -= 1) {
    const path = pick(PATHS, random.below(99)) ?? "/a";
    const text = `${path} ${random.below(5)}`;
    if (chance(random, 15)) files.delete(path);
    else files.set(path, { datum: "default", text, hash: digestOf(text) });
  }
}

/** One input, or a cross or union of two or three, of which each repo is there once. */
function anyInputs(world: World, random: Random): InputTree {
  const outputs = [...world.pipelines.values()].map(({ name }) => repoName(name.project, name.name));
  const count = 1 + (chance(random, 45) ? 1 : 0) + (chance(random, 10) ? 1 : 0);
  const repos = new Map<string, RepoName>();
  for (let left = count; left > 0; left -= 1) {
    const repo = pick(chance(random, 60) && outputs.length > 0 ? outputs : REPOS, random.below(99));
    if (repo !== undefined) repos.set(repoKey(repo), repo);
  }
  const parts = [...repos.values()].map((repo): InputTree => {
    const glob = pick(["/", "/*", "/*", "/*/*"], random.below(4)) ?? "/";
    return { kind: "pfs", input: { name: `${repo.project}-${repo.name}`, repo, branch: "master", glob, commit: "" } };
  });
  const [first] = parts;
  return parts.length === 1 && first !== undefined ? first : { kind: chance(random, 60) ? "cross" : "union", parts };
}

export function sizeOf(world: World): string {
  return `${world.commits.size} commits, ${world.jobs.size} jobs of ${[...world.pipelines.values()].map(({ name }) => pipelineKey(name)).length} pipelines`;
}
