import { StemmaError } from "../lineage/errors.ts";
import type {
  CommitInfo,
  CommitName,
  DatumInfo,
  FileInfo,
  JobInfo,
  JobName,
  PipelineInfo,
  PipelineName,
  RepoName,
} from "../pachyderm/types.ts";
import type { PachydermSource } from "./ports.ts";
import { Answers, Remote, listAll, orAbsent } from "./remote.ts";
import { asSeenBy } from "./skipped-datums.ts";

/** After so many single datums of a job, it is cheaper to list them all. */
const MAX_SINGLE_DATUMS = 8;

/** What Pachyderm says, in the pieces that lineage needs, each asked for once. Rejects as the client does. */
export class PachydermRecords {
  readonly #source: PachydermSource;
  readonly #remote = new Remote();
  readonly #commits = new Answers<CommitInfo>();
  readonly #jobs = new Answers<JobInfo | undefined>();
  readonly #pipelines = new Answers<PipelineInfo | undefined>();
  readonly #datums = new Answers<ReadonlyMap<string, DatumInfo>>();
  readonly #singleDatums = new Map<string, Map<string, Promise<DatumInfo>>>();
  readonly #written = new Answers<ReadonlyMap<string, readonly FileInfo[]>>();
  readonly #rootHexFiles = new Answers<readonly FileInfo[]>();
  readonly #lists = new Answers<readonly CommitInfo[]>();
  readonly #inverted = new Answers<ReadonlyMap<string, readonly CommitName[]>>();
  readonly #sendsSubvenance = new Answers<boolean>();

  constructor(source: PachydermSource) {
    this.#source = source;
  }

  /** `at` may be a branch, or the id of a commit set that the repo has no commit of its own in. */
  commit(repo: RepoName, at: string): Promise<CommitInfo> {
    return this.#commits.get(commitKey({ repo, id: at }), () => this.#remote.ask(() => this.#source.inspectCommit({ repo, at })));
  }

  findCommit({ repo, id }: CommitName): Promise<CommitInfo | undefined> {
    return orAbsent(this.commit(repo, id));
  }

  file({ repo, id }: CommitName, path: string): Promise<FileInfo> {
    return this.#remote.ask(() => this.#source.inspectFile({ repo, at: id }, path));
  }

  findFile(commit: CommitName, path: string): Promise<FileInfo | undefined> {
    return orAbsent(this.file(commit, path));
  }

  findJob(job: JobName): Promise<JobInfo | undefined> {
    return this.#jobs.get(jobKey(job), () => this.#remote.ask(() => orAbsent(this.#source.inspectJob(job))));
  }

  /** The jobs of a pipeline that the server lists: on most servers those of its present version. */
  jobsOf(pipeline: PipelineName): Promise<readonly JobInfo[]> {
    return this.#remote.ask(() => listAll(this.#source.listJobs({ pipeline })));
  }

  findPipeline(pipeline: PipelineName): Promise<PipelineInfo | undefined> {
    return this.#pipelines.get(`${pipeline.project}/${pipeline.name}`, () =>
      this.#remote.ask(() => orAbsent(this.#source.inspectPipeline(pipeline))),
    );
  }

  datums(job: JobName): Promise<ReadonlyMap<string, DatumInfo>> {
    return this.#datums.get(jobKey(job), async () => {
      const datums = await this.#remote.ask(() => listAll(this.#source.listDatums(job)));
      const seen = await Promise.all(datums.map((datum) => asSeenBy(this, job, datum)));
      return new Map(seen.map((datum) => [datum.id, datum]));
    });
  }

  async datum(job: JobName, id: string): Promise<DatumInfo> {
    const asked = this.#singleDatums.get(jobKey(job)) ?? new Map<string, Promise<DatumInfo>>();
    this.#singleDatums.set(jobKey(job), asked);
    const known = asked.get(id);
    if (known !== undefined) return known;
    if (asked.size < MAX_SINGLE_DATUMS && !this.#datums.has(jobKey(job))) {
      const answer = this.#remote.ask(() => this.#source.inspectDatum(job, id)).then((datum) => asSeenBy(this, job, datum));
      asked.set(id, answer);
      return answer;
    }
    const datum = (await this.datums(job)).get(id);
    if (datum === undefined) throw new StemmaError("NOT_FOUND", `no datum ${id} in job ${job.pipeline.name}@${job.id}`);
    return datum;
  }

  /** The files below a directory, or undefined when there are more than `limit`. */
  async filesBelow({ repo, id }: CommitName, path: string, limit: number): Promise<readonly FileInfo[] | undefined> {
    return this.#remote.ask(async () => {
      const files: FileInfo[] = [];
      for await (const file of this.#source.walkFiles({ repo, at: id }, path)) {
        if (file.type !== "FILE") continue;
        if (files.length === limit) return undefined;
        files.push(file);
      }
      return files;
    });
  }

  /** What a datum wrote into an output commit. */
  async writtenBy(commit: CommitName, datum: string): Promise<readonly FileInfo[]> {
    const byDatum = await this.#written.get(commitKey(commit), () =>
      this.#remote.ask(async () => {
        const files = await listAll(this.#source.walkFiles({ repo: commit.repo, at: commit.id }, "/"));
        return Map.groupBy(
          files.filter(({ type }) => type === "FILE"),
          (file) => file.datum,
        );
      }),
    );
    return byDatum.get(datum) ?? [];
  }

  /** Files at the top of a commit that are named like a run's id. */
  hexFiles(commit: CommitName): Promise<readonly FileInfo[]> {
    return this.#rootHexFiles.get(commitKey(commit), () =>
      this.#remote.ask(async () => {
        const files = await listAll(this.#source.globFiles({ repo: commit.repo, at: commit.id }, `/${"?".repeat(32)}`));
        return files.filter(({ type, path }) => type === "FILE" && /^\/[0-9a-f]{32}$/.test(path));
      }),
    );
  }

  /** The beginning of a file, at most about `limitBytes` of it. */
  readStart({ repo, id }: CommitName, path: string, limitBytes: number): Promise<string> {
    return this.#remote.ask(async () => {
      const parts: Uint8Array[] = [];
      let sizeBytes = 0;
      for await (const part of this.#source.readFile({ repo, at: id }, path)) {
        parts.push(part);
        sizeBytes += part.length;
        if (sizeBytes >= limitBytes) break;
      }
      return Buffer.concat(parts).toString("utf8");
    });
  }

  /** All commits of a repo, newest first. */
  commits(repo: RepoName): Promise<readonly CommitInfo[]> {
    return this.#lists.get(repoKey(repo), () => this.#remote.ask(() => listAll(this.#source.listCommits(repo))));
  }

  /** Commits that were made from this one, of whatever set. */
  async consumers({ commit, directSubvenance }: CommitInfo): Promise<readonly CommitName[]> {
    if (directSubvenance.length > 0 || (await this.#sendsSubvenance.get("", () => this.#isSince2_10()))) return directSubvenance;
    const inverted = await this.#inverted.get("", () => this.#invertProvenance());
    return inverted.get(commitKey(commit)) ?? [];
  }

  async #isSince2_10(): Promise<boolean> {
    const [major = 0, minor = 0] = (await this.#remote.ask(() => this.#source.version())).split(".").map(Number);
    return major > 2 || (major === 2 && minor >= 10);
  }

  /** An older server says only what a commit came from; read for all, that tells what came from it. */
  async #invertProvenance(): Promise<ReadonlyMap<string, readonly CommitName[]>> {
    const repos = await this.#remote.ask(() => listAll(this.#source.listRepos()));
    const inverted = new Map<string, CommitName[]>();
    for (const { repo } of repos) {
      for (const { commit, directProvenance } of await this.commits(repo)) {
        for (const origin of directProvenance) {
          const key = commitKey(origin);
          inverted.set(key, [...(inverted.get(key) ?? []), commit]);
        }
      }
    }
    return inverted;
  }
}

export function commitKey({ repo, id }: CommitName): string {
  return `${repoKey(repo)}@${id}`;
}

function repoKey({ project, name, type }: RepoName): string {
  return `${project}/${name}.${type}`;
}

function jobKey({ pipeline, id }: JobName): string {
  return `${pipeline.project}/${pipeline.name}@${id}`;
}
