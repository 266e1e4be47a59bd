import type { MlflowSource, PachydermSource } from "../../src/collect/ports.ts";
import { StemmaError } from "../../src/lineage/errors.ts";
import type { DatasetInput, Run, RunStatus } from "../../src/mlflow/types.ts";
import type {
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

function keyOf({ repo, id }: CommitName): string {
  return `${repo.project}/${repo.name}.${repo.type}@${id}`;
}

function notFound(what: string): StemmaError {
  return new StemmaError("NOT_FOUND", `${what} not found`);
}

/** A Pachyderm in memory: as much of one as lineage asks of it, filled by a test in the words of its story. */
export class FakePachyderm implements PachydermSource {
  /** Every call, to see that nothing is asked for twice. */
  readonly calls: string[] = [];
  serverVersion = "2.12.0";
  readonly #commits = new Map<string, StoredCommit>();
  readonly #heads = new Map<string, string>();
  readonly #jobs = new Map<string, JobInfo>();
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

  forgetJob({ repo, id }: CommitName): void {
    this.#jobs.delete(keyOf({ repo, id }));
  }

  close(): void {
    this.calls.push("close");
  }

  async version(): Promise<string> {
    return this.serverVersion;
  }

  async *listRepos(): AsyncIterable<RepoInfo> {
    const names = new Set([...this.#commits.values()].map(({ info }) => info.commit.repo.name));
    for (const name of names) yield this.inspectRepo(repoOf(name));
  }

  async inspectRepo(repo: RepoName): Promise<RepoInfo> {
    if (repo.project !== "default" || ![...this.#commits.values()].some(({ info }) => info.commit.repo.name === repo.name))
      throw notFound(`repo ${repo.name}`);
    return {
      repo,
      description: "",
      created: new Date(START),
      sizeBytes: 0,
      branches: this.#heads.has(repo.name) ? ["master"] : [],
    };
  }

  async inspectCommit({ repo, at }: CommitQuery): Promise<CommitInfo> {
    this.calls.push(`inspectCommit ${repo.name}@${at}`);
    return this.#find(repo, at).info;
  }

  async *listCommits(repo: RepoName): AsyncIterable<CommitInfo> {
    const all = [...this.#commits.values()].map(({ info }) => info).filter(({ commit }) => commit.repo.name === repo.name);
    for (const info of all.toReversed()) yield this.#find(repo, info.commit.id).info;
  }

  async *inspectCommitSet(id: string): AsyncIterable<CommitInfo> {
    const set = [...this.#commits.values()].filter(({ info }) => info.commit.id === id);
    if (set.length === 0) throw notFound(`commitset ${id}`);
    for (const { info } of set) yield info;
  }

  async inspectFile({ repo, at }: CommitQuery, path: string): Promise<FileInfo> {
    const { info, files } = this.#find(repo, at);
    const isFolder = [...files.keys()].some((each) => each.startsWith(path.endsWith("/") ? path : `${path}/`));
    if (!files.has(path) && !isFolder) throw notFound(`file ${path}`);
    return this.#fileInfo(info.commit, isFolder && !path.endsWith("/") ? `${path}/` : path);
  }

  async *walkFiles({ repo, at }: CommitQuery, path: string): AsyncIterable<FileInfo> {
    this.calls.push(`walkFiles ${repo.name}@${at}:${path}`);
    const { info, files } = this.#find(repo, at);
    for (const each of files.keys()) if (each.startsWith(path)) yield this.#fileInfo(info.commit, each);
  }

  async *globFiles({ repo, at }: CommitQuery, pattern: string): AsyncIterable<FileInfo> {
    const { info, files } = this.#find(repo, at);
    const glob = new RegExp(`^${pattern.replaceAll("?", "[^/]")}$`);
    for (const path of files.keys()) if (glob.test(path)) yield this.#fileInfo(info.commit, path);
  }

  async *readFile({ repo, at }: CommitQuery, path: string): AsyncIterable<Uint8Array> {
    yield Buffer.from(this.#find(repo, at).files.get(path)?.text ?? "");
  }

  async inspectPipeline(name: PipelineName): Promise<PipelineInfo> {
    const job = [...this.#jobs.values()].findLast((each) => each.job.pipeline.name === name.name);
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

  async inspectJob({ pipeline, id }: JobName): Promise<JobInfo> {
    const job = this.#jobs.get(keyOf({ repo: repoOf(pipeline.name), id }));
    if (job === undefined) throw notFound(`jobs ${pipeline.name}@${id}`);
    return job;
  }

  async *listJobs(options: { pipeline?: PipelineName | undefined } = {}): AsyncIterable<JobInfo> {
    for (const job of this.#jobs.values()) if (job.job.pipeline.name === options.pipeline?.name) yield job;
  }

  async *listDatums({ pipeline, id }: JobName): AsyncIterable<DatumInfo> {
    this.calls.push(`listDatums ${pipeline.name}@${id}`);
    yield* this.#datums.get(keyOf({ repo: repoOf(pipeline.name), id })) ?? [];
  }

  async inspectDatum(job: JobName, id: string): Promise<DatumInfo> {
    this.calls.push(`inspectDatum ${job.pipeline.name}@${job.id}:${id}`);
    const datum = this.#datums.get(keyOf({ repo: repoOf(job.pipeline.name), id: job.id }))?.find((each) => each.id === id);
    if (datum === undefined) throw new StemmaError("FAILED", `datum ${id} not found in job ${job.pipeline.name}@${job.id}`);
    return datum;
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
    const isSent = Number(this.serverVersion.split(".")[1]) >= 10;
    const isFrom = (info: CommitInfo): boolean =>
      info.directProvenance.some((origin) => keyOf(origin) === keyOf(found.info.commit));
    const directSubvenance = isSent
      ? [...this.#commits.values()].filter(({ info }) => isFrom(info)).map(({ info }) => info.commit)
      : [];
    return { info: { ...found.info, directSubvenance }, files: found.files };
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

/** An MLflow in memory: finds runs by id, by tags and by the digest of a data set. */
export class FakeMlflow implements MlflowSource {
  readonly #runs = new Map<string, Run>();

  run(
    id: string,
    options: {
      readonly tags?: Readonly<Record<string, string>>;
      readonly datasets?: readonly DatasetInput[];
      readonly status?: RunStatus;
      readonly deleted?: boolean;
    } = {},
  ): Run {
    const run: Run = {
      id,
      experimentId: "1",
      name: "tree",
      status: options.status ?? "FINISHED",
      startTime: new Date(START),
      endTime: new Date(START + 60_000),
      artifactUri: "",
      deleted: options.deleted ?? false,
      tags: options.tags ?? {},
      params: { maxDepth: "5" },
      metrics: { areaUnderPR: 0.5, areaUnderROC: 0.75 },
      datasets: options.datasets ?? [],
      outputs: [],
    };
    this.#runs.set(id, run);
    return run;
  }

  /** A run within a job, tagged as `stemma track` does. */
  runOf(id: string, output: CommitName, datum: string, input: CommitName): Run {
    const { project, name } = output.repo;
    return this.run(id, {
      tags: {
        "pachyderm.project": project,
        "pachyderm.pipeline": name,
        "pachyderm.job": output.id,
        "pachyderm.repo": name,
        "pachyderm.commit": output.id,
        "pachyderm.datum": datum,
        "pachyderm.inputs": JSON.stringify([
          { name: input.repo.name, project, repo: input.repo.name, branch: "master", commit: input.id, path: "/" },
        ]),
      },
    });
  }

  forget(id: string): void {
    this.#runs.delete(id);
  }

  async findRun(id: string): Promise<Run | undefined> {
    return this.#runs.get(id);
  }

  async *listExperiments(): AsyncIterable<{ id: string; name: string }> {
    yield { id: "1", name: "paysim" };
  }

  async *searchRuns({
    experimentIds,
    filter = "",
  }: {
    readonly experimentIds: readonly string[];
    readonly filter?: string;
  }): AsyncIterable<Run> {
    const tag = /^tags\.`(?<key>[^`]+)` = '(?<value>[^']*)'$/.exec(filter)?.groups;
    const digest = /^dataset\.digest = '(?<value>[^']*)'$/.exec(filter)?.groups;
    if (tag === undefined && digest === undefined) throw new StemmaError("USAGE", `this fake does not know the filter ${filter}`);
    for (const run of this.#runs.values()) {
      const isMatch =
        tag === undefined
          ? run.datasets.some((dataset) => dataset.digest === digest?.["value"])
          : run.tags[tag["key"] ?? ""] === tag["value"];
      if (isMatch && experimentIds.includes(run.experimentId)) yield run;
    }
  }

  runLink({ experimentId, id }: { readonly experimentId: string; readonly id: string }): string {
    return `http://mlflow.test/#/experiments/${experimentId}/runs/${id}`;
  }
}
