import type { DatumInfo__Output as DatumInfo } from "../../src/pachyderm/generated/pps_v2/DatumInfo.ts";
import type { JobInfo__Output as JobInfo } from "../../src/pachyderm/generated/pps_v2/JobInfo.ts";
import { type Pachd, type RepoName, commitOf, pfs, pps } from "./pachd.ts";
import { type PipelineName, Pipelines } from "./pipeline-calls.ts";

export interface Run {
  readonly pipeline: PipelineName;
  readonly input: RepoName;
  /** The pipeline's first, when it has ended. */
  readonly job: JobInfo;
}

/** Pipelines of one project that are made to see what their first job does. */
export class Runs extends Pipelines {
  readonly #pachd: Pachd;

  constructor(pachd: Pachd) {
    super(pachd);
    this.#pachd = pachd;
  }

  /** Puts files into a new repo and runs a script on each of them. */
  async run(files: Readonly<Record<string, string>>, script: string, more: object = {}): Promise<Run> {
    const input = await this.#pachd.newRepo("in");
    await this.#pachd.put(input, files);
    const pipeline = await this.new(input, script, more);
    return { pipeline, input, job: await this.newest(pipeline) };
  }

  datums(job: JobInfo): Promise<DatumInfo[]> {
    return this.#pachd.collect(pps.ListDatum, { job: job.job ?? null });
  }

  /** Of all files of a commit, without its directories. */
  async paths(repo: RepoName, at?: string): Promise<string[]> {
    const files = await this.#pachd.collect(pfs.GlobFile, { commit: commitOf(repo, at), pattern: "/**" });
    return files.map(({ file }) => file?.path ?? "").filter((path) => !path.endsWith("/"));
  }
}
