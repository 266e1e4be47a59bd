import type { Random } from "../../src/stages/random.ts";
import type { CommitInfo, CommitName, JobName, PfsInput, PipelineName, RepoName } from "../../src/pachyderm/types.ts";
import type { InputTree } from "./datums.ts";
import { inputsOf } from "./datums.ts";
import { commitKey, digestOf, isSame, jobKey, pipelineKey, repoKey, repoName } from "./names.ts";

export interface StoredFile {
  /** The datum that wrote it; "default" for a user's. */
  readonly datum: string;
  readonly hash: string;
  readonly text: string;
}

export interface StoredCommit {
  readonly name: CommitName;
  readonly branch: string;
  readonly origin: CommitInfo["origin"];
  readonly started: Date;
  readonly provenance: readonly CommitName[];
  parent: string | undefined;
  finished: Date | undefined;
  error: string;
  files: ReadonlyMap<string, StoredFile>;
}

export interface StoredDatum {
  readonly id: string;
  readonly state: "SUCCESS" | "FAILED" | "RECOVERED" | "SKIPPED";
  readonly files: ReadonlyArray<{ readonly commit: CommitName; readonly path: string }>;
  /** What worked on it: of a skipped one an earlier job. */
  readonly worker: { readonly job: JobName; readonly files: StoredDatum["files"] };
}

export interface StoredJob {
  readonly name: JobName;
  readonly version: number;
  readonly created: Date;
  readonly inputs: InputTree;
  readonly reprocess: boolean;
  state: string;
  reason: string;
  finished: Date | undefined;
  datums: readonly StoredDatum[];
}

export interface StoredPipeline {
  readonly name: PipelineName;
  readonly versions: Array<{ readonly created: Date; readonly spec: CommitName; readonly inputs: InputTree }>;
  readonly tracked: boolean;
}

interface StoredRepo {
  readonly name: RepoName;
  readonly created: Date;
  readonly branches: Map<string, string | undefined>;
}

/** A Pachyderm in memory: repos, commits and pipelines as its rules have them. Jobs are made here and run by run-jobs.ts. */
export class World {
  readonly repos = new Map<string, StoredRepo>();
  readonly commits = new Map<string, StoredCommit>();
  readonly jobs = new Map<string, StoredJob>();
  readonly pipelines = new Map<string, StoredPipeline>();
  /** The ids of the sets that come next, where a real server makes them. */
  readonly givenIds: string[] = [];
  #ids = 0;
  #now = Date.parse("2026-11-21T10:00:00Z");

  /** A second later each time. */
  tick(): Date {
    this.#now += 1000;
    return new Date(this.#now);
  }

  get now(): Date {
    return new Date(this.#now);
  }

  /** A set's id: one that a real server gave, or else a new one. */
  newId(what: string): string {
    const given = this.givenIds.shift();
    if (given !== undefined) return given;
    this.#ids += 1;
    return digestOf(`${what} ${this.#ids}`).replace(/^(?<start>.{12})./, "$<start>4");
  }

  createRepo(name: RepoName): StoredRepo {
    const repo = { name, created: this.tick(), branches: new Map<string, string | undefined>() };
    this.repos.set(repoKey(name), repo);
    return repo;
  }

  head(repo: RepoName, branch: string): StoredCommit | undefined {
    const id = this.repos.get(repoKey(repo))?.branches.get(branch);
    return id === undefined ? undefined : this.commits.get(commitKey({ repo, id }));
  }

  /** A user changes files on a branch; everything downstream gets its commits and jobs, which nobody has run yet. */
  commit(repo: RepoName, branch: string, change: (files: Map<string, StoredFile>) => void): readonly StoredJob[] {
    const id = this.newId("set");
    const files = new Map(this.head(repo, branch)?.files);
    change(files);
    this.store({ repo, id }, branch, "USER", [], files);
    return this.#propagate(id, [{ repo, branch }]);
  }

  /** Makes a branch at a commit, or moves it there. */
  moveBranch(repo: RepoName, branch: string, head: string | undefined): readonly StoredJob[] {
    this.repos.get(repoKey(repo))?.branches.set(branch, head);
    return head === undefined ? [] : this.#propagate(this.newId("set"), [{ repo, branch }]);
  }

  createPipeline(name: PipelineName, inputs: InputTree, options: { tracked: boolean }): readonly StoredJob[] {
    for (const type of ["user", "meta", "spec"] as const) this.createRepo(repoName(name.project, name.name, type));
    for (const { repo, branch } of inputsOf(inputs)) {
      // As Pachyderm does: an empty commit that no job made.
      if (this.head(repo, branch) === undefined) this.store({ repo, id: this.newId("set") }, branch, "AUTO", [], new Map());
    }
    this.pipelines.set(pipelineKey(name), { name, versions: [], ...options });
    return this.updatePipeline(name, inputs, { reprocess: false });
  }

  updatePipeline(name: PipelineName, inputs: InputTree, options: { reprocess: boolean }): readonly StoredJob[] {
    const pipeline = this.pipelines.get(pipelineKey(name));
    if (pipeline === undefined) return [];
    const id = this.newId("set");
    const spec = { repo: repoName(name.project, name.name, "spec"), id };
    this.store(spec, "master", "USER", [], new Map([["/spec", { datum: "default", hash: id, text: "{}" }]]));
    pipeline.versions.push({ created: this.now, spec, inputs });
    const own = this.#makeJob(pipeline, id, options.reprocess);
    return [own, ...this.#propagate(id, [{ repo: repoName(name.project, name.name), branch: "master" }])];
  }

  store(
    name: CommitName,
    branch: string,
    origin: CommitInfo["origin"],
    provenance: readonly CommitName[],
    files: StoredCommit["files"],
    isOpen = false,
  ): StoredCommit {
    const time = this.tick();
    const parent = this.repos.get(repoKey(name.repo))?.branches.get(branch);
    const commit = {
      name,
      branch,
      origin,
      parent,
      started: time,
      finished: isOpen ? undefined : time,
      provenance,
      error: "",
      files,
    };
    this.commits.set(commitKey(name), commit);
    this.repos.get(repoKey(name.repo))?.branches.set(branch, name.id);
    return commit;
  }

  /** The commits that were made directly from one. */
  subvenance(name: CommitName): readonly CommitName[] {
    const isFrom = ({ provenance }: StoredCommit): boolean =>
      provenance.some((origin) => origin.id === name.id && isSame(origin.repo, name.repo));
    return [...this.commits.values()].filter(isFrom).map((commit) => commit.name);
  }

  children({ repo, id }: CommitName): readonly StoredCommit[] {
    return [...this.commits.values()].filter(({ name, parent }) => isSame(name.repo, repo) && parent === id);
  }

  commitSet(id: string): readonly StoredCommit[] {
    return [...this.commits.values()].filter(({ name }) => name.id === id);
  }

  /** The pipelines that read a branch which is new in a set, and so on downwards. They were created in that order. */
  #propagate(id: string, moved: Array<{ readonly repo: RepoName; readonly branch: string }>): readonly StoredJob[] {
    const jobs: StoredJob[] = [];
    for (const pipeline of this.pipelines.values()) {
      const inputs = inputsOf(pipeline.versions.at(-1)?.inputs ?? { kind: "union", parts: [] });
      const reads = ({ repo, branch }: Pick<PfsInput, "repo" | "branch">): boolean =>
        moved.some((each) => isSame(each.repo, repo) && each.branch === branch);
      if (!inputs.some(reads)) continue;
      jobs.push(this.#makeJob(pipeline, id, false));
      moved.push({ repo: repoName(pipeline.name.project, pipeline.name.name), branch: "master" });
    }
    return jobs;
  }

  #makeJob({ name, versions }: StoredPipeline, id: string, reprocess: boolean): StoredJob {
    const { spec, inputs } = versions.at(-1) ?? { spec: { repo: repoName("", ""), id }, inputs: { kind: "union", parts: [] } };
    const heads = inputsOf(inputs).flatMap(({ repo, branch }) => this.head(repo, branch)?.name ?? []);
    const provenance = [...new Map([...heads, spec].map((commit) => [commitKey(commit), commit])).values()];
    for (const type of ["meta", "user"] as const)
      this.store({ repo: repoName(name.project, name.name, type), id }, "master", "AUTO", provenance, new Map(), true);
    const job: StoredJob = {
      name: { pipeline: name, id },
      version: versions.length,
      created: this.now,
      inputs,
      reprocess,
      state: "JOB_CREATED",
      reason: "",
      finished: undefined,
      datums: [],
    };
    this.jobs.set(jobKey(job.name), job);
    return job;
  }
}

/** One of a list, or undefined of an empty one. */
export function pick<Item>(list: readonly Item[], at: number): Item | undefined {
  return list.length === 0 ? undefined : list[at % list.length];
}

/** True so many times of a hundred. */
export function chance(random: Random, percent: number): boolean {
  return random.below(100) < percent;
}
