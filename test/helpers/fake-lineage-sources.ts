import type { PachydermSource } from "../../src/collect/ports.ts";
import { StemmaError } from "../../src/lineage/errors.ts";
import { FakeTable } from "./fake-table.ts";
import type { JobListOptions } from "../../src/pachyderm/client-pipelines.ts";
import type { CommitListOptions } from "../../src/pachyderm/client-repos.ts";
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
  ProcessStats,
  RepoInfo,
  RepoName,
} from "../../src/pachyderm/types.ts";

const NO_STATS: ProcessStats = { downloadMs: 0, processMs: 0, uploadMs: 0, downloadBytes: 0, uploadBytes: 0 };
const START = Date.parse("2026-11-21T10:00:00Z");

/** 32 hexadecimal digits that begin with a word's own, to be read in a test. */
export function hexId(word: string): string {
  return Buffer.from(word).toString("hex").slice(0, 31).padEnd(32, "0");
}

export { FakeMlflow } from "./fake-mlflow.ts";

/** A datum as a test tells it: what it read of its job's input, and what it wrote. */
interface ToldDatum {
  readonly id: string;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly state?: string;
}

interface StoredCommit {
  readonly info: CommitInfo;
  /** By path; the datum that wrote it, "default" for a user's. */
  readonly files: ReadonlyMap<string, { readonly datum: string; readonly text: string }>;
}

function repoOf(name: string, type: RepoName["type"] = "user"): RepoName {
  return { project: "default", name, type };
}

function repoKeyOf({ project, name, type }: RepoName): string {
  return `${project}/${name}.${type}`;
}

function keyOf({ repo, id }: CommitName): string {
  return `${repoKeyOf(repo)}@${id}`;
}

/** Part of a list that is kept oldest first, as a server is asked for it. */
function inOrder<Item>(
  items: readonly Item[],
  { number = items.length, oldestFirst = false, after }: CommitListOptions & JobListOptions,
  timeOf: (item: Item) => Date,
): readonly Item[] {
  const first = after === undefined ? 0 : items.findLastIndex((item) => timeOf(item) <= after) + 1;
  if (oldestFirst) return items.slice(first, first + number);
  return items.slice(Math.max(first, items.length - number)).toReversed();
}

function notFound(what: string): StemmaError {
  return new StemmaError("NOT_FOUND", `${what} not found`);
}

/** A Pachyderm in memory: as much of one as lineage asks of it, filled by a test in the words of its story. Like servers before 2.10, it sends no subvenance. */
export class FakePachyderm implements PachydermSource {
  /** Every call, to see that nothing is asked for twice. */
  readonly calls: string[] = [];
  /** How many commits and jobs it told of in lists. */
  told = 0;
  /** The server is lost after so many calls. */
  failAfter = Number.POSITIVE_INFINITY;
  readonly #commits = new FakeTable<StoredCommit>(({ info }) => repoKeyOf(info.commit.repo));
  readonly #heads = new Map<string, string>();
  readonly #jobs = new FakeTable<JobInfo>(() => "all");
  readonly #pipelines = new Set<string>();
  readonly #datums = new Map<string, readonly DatumInfo[]>();
  #tick = 0;

  /** A user puts files. */
  commit(repo: string, id: string, files: readonly string[], options: { readonly text?: string } = {}): CommitName {
    const name = { repo: repoOf(repo), id };
    this.#store(name, "USER", [], new Map(files.map((path) => [path, { datum: "default", text: options.text ?? path }])));
    return name;
  }

  /** A commit that is made from others without a pipeline. */
  derive(repo: string, id: string, origins: readonly CommitName[], files: readonly string[]): CommitName {
    const name = { repo: repoOf(repo), id };
    this.#store(name, "AUTO", origins, new Map(files.map((path) => [path, { datum: "default", text: path }])));
    return name;
  }

  /** A pipeline's job makes its output commit from one input commit. */
  job(
    pipeline: string,
    id: string,
    input: CommitName,
    datums: readonly ToldDatum[],
    options: { readonly state?: string; readonly version?: number; readonly texts?: Readonly<Record<string, string>> } = {},
  ): CommitName {
    const output = { repo: repoOf(pipeline), id };
    const spec = { repo: repoOf(pipeline, "spec"), id: hexId(`spec ${pipeline}`) };
    const files = datums.flatMap(({ id: datum, writes }) =>
      writes.map((path) => [path, { datum, text: options.texts?.[path] ?? path }] as const),
    );
    this.#store(output, "AUTO", [input, spec], new Map(files));
    const job: JobName = { pipeline: { project: "default", name: pipeline }, id };
    this.#pipelines.add(pipeline);
    this.#jobs.set(keyOf(output), this.#jobInfo(job, output, input, datums.length, options));
    this.#datums.set(
      keyOf(output),
      datums.map(({ id: datum, reads, state = "SUCCESS" }) => {
        const files = reads.map((path) => this.#fileInfo(input, path));
        // As Pachyderm does, of a skipped datum this tells what it was when it was worked on.
        const then = state === "SKIPPED" ? this.#lastDatum(pipeline, datum) : undefined;
        return { job, id: datum, files, stats: NO_STATS, ...then, state };
      }),
    );
    return output;
  }

  #lastDatum(pipeline: string, id: string): DatumInfo | undefined {
    const all = [...this.#datums.values()].flat();
    return all.findLast((datum) => datum.job.pipeline.name === pipeline && datum.id === id);
  }

  /** Removes a commit as a squash does: others still name it. */
  forgetCommit(name: CommitName): void {
    this.#commits.delete(keyOf(name));
  }

  /** Removes a repo's newest commit with its job: its branch goes back to the one before. */
  drop(name: CommitName): void {
    const parent = this.#commits.get(keyOf(name))?.info.parent;
    this.forgetCommit(name);
    this.forgetJob(name);
    if (parent !== undefined) this.#heads.set(name.repo.name, parent);
  }

  forgetJob({ repo, id }: CommitName): void {
    this.#jobs.delete(keyOf({ repo, id }));
  }

  close(): void {
    this.calls.push("close");
  }

  #call(name: string): void {
    this.calls.push(name);
    if (this.calls.length > this.failAfter) throw new StemmaError("UNREACHABLE", "pachd is away.");
  }

  async *listRepos(): AsyncIterable<RepoInfo> {
    if (this.failAfter === 0) this.#call("listRepos");
    const repos = this.#commits.groups().map((group) => this.#commits.of(group)[0]?.info.commit.repo.name ?? "");
    for (const name of new Set(repos)) yield this.inspectRepo(repoOf(name));
  }

  async inspectRepo(repo: RepoName): Promise<RepoInfo> {
    const isThere = (["user", "spec", "meta"] as const).some((type) => this.#commits.of(repoKeyOf({ ...repo, type })).length > 0);
    if (!isThere) throw notFound(`repo ${repo.name}`);
    return {
      repo,
      description: "",
      created: new Date(START),
      sizeBytes: 0,
      branches: this.#heads.has(repo.name) ? ["master"] : [],
    };
  }

  async inspectCommit({ repo, at }: CommitQuery): Promise<CommitInfo> {
    this.#call(`inspectCommit ${repo.name}@${at}`);
    return this.#find(repo, at).info;
  }

  async *listCommits(repo: RepoName, options: CommitListOptions = {}): AsyncIterable<CommitInfo> {
    this.#call(`listCommits ${repo.name}`);
    for (const { info } of inOrder(this.#commits.of(repoKeyOf(repo)), options, (each) => each.info.started)) {
      this.told += 1;
      yield this.#find(repo, info.commit.id).info;
    }
  }

  async *listBranches(repo: RepoName): AsyncIterable<BranchInfo> {
    this.#call(`listBranches ${repo.name}`);
    const head = this.#heads.get(repo.name);
    if (head !== undefined) yield { branch: { repo, name: "master" }, head: { repo, id: head }, directProvenance: [] };
  }

  // oxlint-disable-next-line require-yield -- nothing comes by itself in a story that is told beforehand
  async *subscribeCommits(): AsyncIterable<CommitInfo> {
    this.#call("subscribeCommits");
  }

  async inspectFile({ repo, at }: CommitQuery, path: string): Promise<FileInfo> {
    const { info, files } = this.#find(repo, at);
    const isFolder = [...files.keys()].some((each) => each.startsWith(path.endsWith("/") ? path : `${path}/`));
    if (!files.has(path) && !isFolder) throw notFound(`file ${path}`);
    return this.#fileInfo(info.commit, isFolder && !path.endsWith("/") ? `${path}/` : path);
  }

  async *walkFiles({ repo, at }: CommitQuery, path: string): AsyncIterable<FileInfo> {
    this.#call(`walkFiles ${repo.name}@${at}:${path}`);
    const { info, files } = this.#find(repo, at);
    const folder = path.endsWith("/") ? path : `${path}/`;
    for (const each of files.keys()) if (each === path || each.startsWith(folder)) yield this.#fileInfo(info.commit, each);
  }

  async *globFiles({ repo, at }: CommitQuery, pattern: string): AsyncIterable<FileInfo> {
    this.#call(`globFiles ${repo.name}@${at}`);
    const { info, files } = this.#find(repo, at);
    const glob = new RegExp(`^${pattern.replaceAll("?", "[^/]")}$`);
    for (const path of files.keys()) if (glob.test(path)) yield this.#fileInfo(info.commit, path);
  }

  async *readFile({ repo, at }: CommitQuery, path: string): AsyncIterable<Uint8Array> {
    yield Buffer.from(this.#find(repo, at).files.get(path)?.text ?? "");
  }

  async inspectPipeline(name: PipelineName): Promise<PipelineInfo> {
    const job = this.#lastJob(name.name);
    if (job === undefined) throw notFound(`pipeline ${name.name}`);
    return {
      pipeline: name,
      version: job.pipelineVersion,
      specCommit: { repo: repoOf(name.name, "spec"), id: hexId(`spec ${name.name}`) },
      state: "PIPELINE_RUNNING",
      reason: "",
      stopped: false,
      lastJobState: job.state,
      outputBranch: "master",
      image: `stemma/${name.name}:1`,
      command: ["run", name.name],
      inputs: job.inputs,
      description: "",
      created: new Date(START),
      userSpecJson: "{}",
      effectiveSpecJson: "{}",
    };
  }

  async *listPipelines(options: { readonly allVersionsOf?: PipelineName } = {}): AsyncIterable<PipelineInfo> {
    this.#call("listPipelines");
    const { allVersionsOf } = options;
    for (const name of allVersionsOf === undefined ? this.#pipelines : [allVersionsOf.name])
      if (this.#lastJob(name) !== undefined) yield this.inspectPipeline({ project: "default", name });
  }

  async inspectJob({ pipeline, id }: JobName): Promise<JobInfo> {
    this.#call(`inspectJob ${pipeline.name}@${id}`);
    const job = this.#jobs.get(keyOf({ repo: repoOf(pipeline.name), id }));
    if (job === undefined) throw notFound(`jobs ${pipeline.name}@${id}`);
    return job;
  }

  async *listJobs(options: JobListOptions = {}): AsyncIterable<JobInfo> {
    this.#call("listJobs");
    const { pipeline } = options;
    const jobs = this.#jobs.of("all");
    const all = pipeline === undefined ? jobs : jobs.filter(({ job }) => job.pipeline.name === pipeline.name);
    for (const job of inOrder(all, options, ({ created }) => created)) {
      this.told += 1;
      yield job;
    }
  }

  async *listDatums({ pipeline, id }: JobName): AsyncIterable<DatumInfo> {
    this.#call(`listDatums ${pipeline.name}@${id}`);
    if (this.#jobs.get(keyOf({ repo: repoOf(pipeline.name), id })) === undefined) throw notFound(`jobs ${pipeline.name}@${id}`);
    yield* this.#datums.get(keyOf({ repo: repoOf(pipeline.name), id })) ?? [];
  }

  #store(
    commit: CommitName,
    origin: CommitInfo["origin"],
    directProvenance: readonly CommitName[],
    files: StoredCommit["files"],
  ): void {
    this.#tick += 1;
    const time = new Date(START + this.#tick * 1000);
    this.#commits.set(keyOf(commit), {
      info: {
        commit,
        origin,
        description: "",
        metadata: {},
        parent: this.#heads.get(commit.repo.name),
        started: time,
        finishing: time,
        finished: time,
        directProvenance,
        directSubvenance: [],
        error: "",
        sizeBytes: 1,
      },
      files,
    });
    this.#heads.set(commit.repo.name, commit.id);
  }

  #find(repo: RepoName, at: string): StoredCommit {
    const id = at === "master" ? (this.#heads.get(repo.name) ?? at) : at;
    const found = this.#commits.get(keyOf({ repo, id }));
    if (found === undefined) throw notFound(`commit ${repo.project}/${repo.name}@${at}`);
    return found;
  }

  #lastJob(pipeline: string): JobInfo | undefined {
    return this.#jobs.of("all").findLast(({ job }) => job.pipeline.name === pipeline);
  }

  #fileInfo(commit: CommitName, path: string): FileInfo {
    const datum = this.#commits.get(keyOf(commit))?.files.get(path)?.datum ?? "";
    return { commit, path, type: path.endsWith("/") ? "DIR" : "FILE", sizeBytes: path.length, hash: "00", datum };
  }

  #jobInfo(
    job: JobName,
    outputCommit: CommitName,
    input: CommitName,
    total: number,
    options: { readonly state?: string; readonly version?: number },
  ): JobInfo {
    const time = new Date(START + this.#tick * 1000);
    return {
      job,
      pipelineVersion: options.version ?? 1,
      outputCommit,
      state: options.state ?? "JOB_SUCCESS",
      reason: "",
      created: time,
      started: time,
      finished: time,
      datums: { total, processed: total, skipped: 0, failed: 0, recovered: 0 },
      inputs: [{ name: input.repo.name, repo: input.repo, branch: "master", glob: "/*", commit: input.id }],
      image: "",
      stats: NO_STATS,
    };
  }
}
