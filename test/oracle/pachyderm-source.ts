import type { PachydermSource } from "../../src/collect/ports.ts";
import { StemmaError } from "../../src/lineage/errors.ts";
import type { CommitListOptions } from "../../src/pachyderm/client-repos.ts";
import type { JobListOptions } from "../../src/pachyderm/client-pipelines.ts";
import type {
  BranchInfo,
  CommitInfo,
  CommitName,
  CommitQuery,
  DatumInfo,
  FileInfo,
  JobInfo,
  JobName,
  PipelineInfo,
  PipelineName,
  RepoInfo,
  RepoName,
} from "../../src/pachyderm/types.ts";
import { inputsOf } from "./datums.ts";
import { commitKey, digestOf, isSame, jobKey, pipelineKey, repoKey, repoName } from "./names.ts";
import type { StoredCommit, StoredDatum, StoredJob, StoredPipeline, World } from "./world.ts";

const NO_STATS = { downloadMs: 0, processMs: 0, uploadMs: 0, downloadBytes: 0, uploadBytes: 0 };
const CREATED = new Date("2026-11-21T10:00:00Z");

/** Answers as Pachyderm 2.12 does. A mock: thousands of histories cannot run on a real server. */
export class MockPachyderm implements PachydermSource {
  readonly #world: World;
  /** Called before each answer: to fail in the middle of something. */
  readonly #ask: () => void;

  constructor(world: World, ask: () => void) {
    this.#world = world;
    this.#ask = ask;
  }

  async version(): Promise<string> {
    this.#ask();
    return "2.12.0";
  }

  async *listRepos(): AsyncIterable<RepoInfo> {
    this.#ask();
    for (const { name } of this.#world.repos.values()) if (name.type === "user") yield this.#repoInfo(name);
  }

  async inspectRepo(name: RepoName): Promise<RepoInfo> {
    this.#ask();
    return this.#repoInfo(name);
  }

  async *listBranches(repo: RepoName): AsyncIterable<BranchInfo> {
    this.#ask();
    for (const [name, id] of this.#repo(repo).branches)
      yield { branch: { repo, name }, head: id === undefined ? undefined : { repo, id }, directProvenance: [] };
  }

  async inspectCommit({ repo, at }: CommitQuery): Promise<CommitInfo> {
    this.#ask();
    return this.#commitInfo(this.#find(repo, at));
  }

  async *listCommits(repo: RepoName, options: CommitListOptions = {}): AsyncIterable<CommitInfo> {
    this.#ask();
    this.#repo(repo);
    const all = [...this.#world.commits.values()].filter(({ name }) => isSame(name.repo, repo)).toReversed();
    const chosen = options.to === undefined ? all : this.#ancestors(repo, options.to);
    yield* arrange(chosen, options, ({ started }) => started).map((commit) => this.#commitInfo(commit));
  }

  async *subscribeCommits(repo: RepoName): AsyncIterable<CommitInfo> {
    yield* this.listCommits(repo, { oldestFirst: true });
  }

  async *inspectCommitSet(id: string): AsyncIterable<CommitInfo> {
    this.#ask();
    const set = this.#world.commitSet(id);
    if (set.length === 0) throw notFound(`commitset ${id}`);
    for (const commit of set) yield this.#commitInfo(commit);
  }

  async inspectFile({ repo, at }: CommitQuery, path: string): Promise<FileInfo> {
    this.#ask();
    const commit = this.#find(repo, at);
    const folder = path.endsWith("/") ? path : `${path}/`;
    const isFolder = [...commit.files.keys()].some((each) => each.startsWith(folder));
    if (!commit.files.has(path) && !isFolder) throw notFound(`file ${path}`);
    return this.#fileInfo(commit.name, isFolder ? folder : path);
  }

  async *walkFiles({ repo, at }: CommitQuery, path: string): AsyncIterable<FileInfo> {
    this.#ask();
    const { name, files } = this.#find(repo, at);
    const below = path.endsWith("/") ? path : `${path}/`;
    for (const each of files.keys()) if (each === path || each.startsWith(below)) yield this.#fileInfo(name, each);
  }

  listFiles(query: CommitQuery, path: string): AsyncIterable<FileInfo> {
    return this.walkFiles(query, path);
  }

  diffFiles(): never {
    throw new Error("no question of the oracle asks for differences");
  }

  async *globFiles({ repo, at }: CommitQuery, pattern: string): AsyncIterable<FileInfo> {
    this.#ask();
    const { name, files } = this.#find(repo, at);
    const glob = new RegExp(`^${pattern.replaceAll("?", "[^/]").replaceAll("*", "[^/]*")}$`);
    for (const path of files.keys()) if (glob.test(path)) yield this.#fileInfo(name, path);
  }

  async *readFile({ repo, at }: CommitQuery, path: string): AsyncIterable<Uint8Array> {
    this.#ask();
    const file = this.#find(repo, at).files.get(path);
    if (file === undefined) throw notFound(`file ${path}`);
    yield Buffer.from(file.text);
  }

  async inspectPipeline(name: PipelineName): Promise<PipelineInfo> {
    this.#ask();
    const pipeline = this.#pipeline(name);
    return this.#pipelineInfo(pipeline, pipeline.versions.length);
  }

  async *listPipelines({ allVersionsOf }: { readonly allVersionsOf?: PipelineName } = {}): AsyncIterable<PipelineInfo> {
    this.#ask();
    if (allVersionsOf === undefined) {
      for (const pipeline of [...this.#world.pipelines.values()].toReversed())
        yield this.#pipelineInfo(pipeline, pipeline.versions.length);
      return;
    }
    const pipeline = this.#world.pipelines.get(pipelineKey(allVersionsOf));
    if (pipeline === undefined) return;
    const versions = pipeline.versions.map((_, at) => this.#pipelineInfo(pipeline, at + 1));
    yield* versions.toReversed();
  }

  async inspectJob(name: JobName): Promise<JobInfo> {
    this.#ask();
    return jobInfo(this.#job(name));
  }

  async *listJobs(options: JobListOptions = {}): AsyncIterable<JobInfo> {
    this.#ask();
    const { pipeline } = options;
    const all = [...this.#world.jobs.values()].toReversed();
    const own = all.filter(({ name }) => pipeline === undefined || pipelineKey(name.pipeline) === pipelineKey(pipeline));
    yield* arrange(own, options, ({ created }) => created).map(jobInfo);
  }

  async *listDatums(name: JobName): AsyncIterable<DatumInfo> {
    this.#ask();
    yield* this.#datums(name).map((datum) => this.#datumInfo(datum));
  }

  async inspectDatum(name: JobName, id: string): Promise<DatumInfo> {
    this.#ask();
    const datum = this.#datums(name).find((each) => each.id === id);
    if (datum === undefined) throw new StemmaError("FAILED", `datum ${id} not found in job ${jobKey(name)}`);
    return this.#datumInfo(datum);
  }

  /** An id, a branch, or the id of a set that the repo has no commit in: then the one that the set came from. */
  #find(repo: RepoName, at: string): StoredCommit {
    const id = this.#world.repos.get(repoKey(repo))?.branches.get(at) ?? at;
    const found = this.#world.commits.get(commitKey({ repo, id })) ?? this.#above(repo, this.#world.commitSet(id));
    if (found === undefined) throw notFound(`commit ${repo.project}/${repo.name}@${at}`);
    return found;
  }

  #above(repo: RepoName, commits: readonly StoredCommit[]): StoredCommit | undefined {
    if (commits.length === 0) return undefined;
    const origins = commits.flatMap(({ provenance }) =>
      provenance.flatMap((name) => this.#world.commits.get(commitKey(name)) ?? []),
    );
    return origins.find(({ name }) => isSame(name.repo, repo)) ?? this.#above(repo, origins);
  }

  #ancestors(repo: RepoName, to: string): readonly StoredCommit[] {
    const chain = [this.#find(repo, to)];
    for (let at = chain[0]; at?.parent !== undefined;) {
      at = this.#world.commits.get(commitKey({ repo, id: at.parent }));
      if (at !== undefined) chain.push(at);
    }
    return chain;
  }

  #repo(name: RepoName): { readonly branches: ReadonlyMap<string, string | undefined> } {
    const repo = this.#world.repos.get(repoKey(name));
    if (repo === undefined) throw notFound(`repo ${repoKey(name)}`);
    return repo;
  }

  #repoInfo(name: RepoName): RepoInfo {
    return { repo: name, description: "", created: CREATED, sizeBytes: 0, branches: [...this.#repo(name).branches.keys()] };
  }

  #commitInfo({ name, origin, parent, started, finished, provenance, error, files }: StoredCommit): CommitInfo {
    return {
      commit: name,
      origin,
      description: "",
      metadata: {},
      parent,
      started,
      finishing: finished,
      finished,
      directProvenance: provenance,
      directSubvenance: this.#world.subvenance(name),
      error,
      sizeBytes: finished === undefined ? undefined : files.size,
    };
  }

  #fileInfo(commit: CommitName, path: string): FileInfo {
    const file = this.#world.commits.get(commitKey(commit))?.files.get(path);
    return {
      commit,
      path,
      type: path.endsWith("/") ? "DIR" : "FILE",
      sizeBytes: file?.text.length ?? 0,
      hash: file?.hash ?? "",
      datum: file?.datum ?? "",
    };
  }

  #pipeline(name: PipelineName): StoredPipeline {
    const pipeline = this.#world.pipelines.get(pipelineKey(name));
    if (pipeline === undefined) throw notFound(`pipeline ${pipelineKey(name)}`);
    return pipeline;
  }

  #pipelineInfo({ name, versions }: StoredPipeline, version: number): PipelineInfo {
    const { created, spec, inputs } = versions[version - 1] ?? {
      created: CREATED,
      spec: { repo: repoName("", ""), id: "" },
      inputs: undefined,
    };
    return {
      pipeline: name,
      version,
      specCommit: spec,
      state: "PIPELINE_RUNNING",
      reason: "",
      stopped: false,
      lastJobState: "JOB_SUCCESS",
      outputBranch: "master",
      image: `${name.name}:${version}`,
      command: ["run", String(version)],
      inputs: inputs === undefined ? [] : inputsOf(inputs),
      description: "",
      created,
      userSpecJson: "{}",
      effectiveSpecJson: JSON.stringify({ version, digest: digestOf(spec.id) }),
    };
  }

  #job(name: JobName): StoredJob {
    const job = this.#world.jobs.get(jobKey(name));
    if (job === undefined) throw notFound(`jobs ${jobKey(name)}`);
    return job;
  }

  /** They are kept in the commit of the meta repo, and gone with it. */
  #datums(name: JobName): readonly StoredDatum[] {
    const { project, name: repo } = name.pipeline;
    if (!this.#world.commits.has(commitKey({ repo: repoName(project, repo, "meta"), id: name.id })))
      throw notFound(`meta commit ${name.id}`);
    return this.#job(name).datums;
  }

  /** Of a skipped datum Pachyderm tells what it was when it was worked on. */
  #datumInfo({ id, state, worker }: StoredDatum): DatumInfo {
    return {
      job: worker.job,
      id,
      state,
      files: worker.files.map(({ commit, path }) => this.#fileInfo(commit, path)),
      stats: NO_STATS,
    };
  }
}

function jobInfo(job: StoredJob): JobInfo {
  const counted = (state: string): number => job.datums.filter((datum) => datum.state === state).length;
  const { pipeline, id } = job.name;
  return {
    job: job.name,
    pipelineVersion: job.version,
    outputCommit: { repo: repoName(pipeline.project, pipeline.name), id },
    state: job.state,
    reason: job.reason,
    created: job.created,
    started: job.created,
    finished: job.finished,
    datums: {
      total: job.datums.length,
      processed: counted("SUCCESS"),
      skipped: counted("SKIPPED"),
      failed: counted("FAILED"),
      recovered: counted("RECOVERED"),
    },
    inputs: inputsOf(job.inputs).map(({ name, repo, branch, glob }) => ({ name, repo, branch, glob, commit: id })),
    image: "",
    stats: NO_STATS,
  };
}

/** Newest first, as the list is, or oldest first from a time on; so many of them. */
function arrange<Item>(
  list: readonly Item[],
  { oldestFirst = false, after, number }: Pick<JobListOptions, "oldestFirst" | "after" | "number">,
  timeOf: (item: Item) => Date,
): readonly Item[] {
  const ordered = oldestFirst ? list.toReversed() : list;
  return ordered.filter((item) => after === undefined || timeOf(item) > after).slice(0, number);
}

function notFound(what: string): StemmaError {
  return new StemmaError("NOT_FOUND", `${what} not found`);
}
