import { expect } from "vitest";
import type { BranchInfo__Output as BranchInfo } from "../../src/pachyderm/generated/pfs_v2/BranchInfo.ts";
import type { JobInfo__Output as JobInfo } from "../../src/pachyderm/generated/pps_v2/JobInfo.ts";
import type { ListJobRequest } from "../../src/pachyderm/generated/pps_v2/ListJobRequest.ts";
import type { PipelineInfo__Output as PipelineInfo } from "../../src/pachyderm/generated/pps_v2/PipelineInfo.ts";
import { type Pachd, type RepoName, pfs, pps, uniqueName } from "./pachd.ts";

export interface PipelineName {
  readonly name: string;
  readonly project: { readonly name: string };
}

/** For `expect.poll`: what a pachd does on its own takes seconds where it is busy. */
export const SOON = { timeout: 10_000 };

/** Copies what it reads. */
export const COPY = "cp -r /pfs/in/* /pfs/out/";

/** Calls about the pipelines of one project. */
export class Pipelines {
  readonly #pachd: Pachd;

  constructor(pachd: Pachd) {
    this.#pachd = pachd;
  }

  /** A spec that runs a shell script on each file of a repo's master, at /pfs/in. */
  spec(input: RepoName, script: string, more: object = {}): { pipeline: PipelineName } & Record<string, unknown> {
    return {
      pipeline: { name: uniqueName("pipe"), project: { name: this.#pachd.project } },
      transform: { cmd: ["sh"], stdin: [script] },
      input: { pfs: { project: input.project.name, repo: input.name, name: "in", glob: "/*" } },
      datum_tries: 1,
      ...more,
    };
  }

  /** Answers the effective spec. */
  async create(spec: object, flags: { update?: boolean; reprocess?: boolean; dry_run?: boolean } = {}): Promise<object> {
    const create_pipeline_request_json = JSON.stringify(spec);
    const answer = await this.#pachd.call(pps.CreatePipelineV2, { create_pipeline_request_json, ...flags });
    return JSON.parse(answer.effective_create_pipeline_request_json ?? "") as object;
  }

  async new(input: RepoName, script: string, more: object = {}): Promise<PipelineName> {
    const spec = this.spec(input, script, more);
    await this.create(spec);
    return spec.pipeline;
  }

  inspect(pipeline: PipelineName, details = true): Promise<PipelineInfo> {
    return this.#pachd.call(pps.InspectPipeline, { pipeline, details });
  }

  /** The user repo that it writes to, or another one of its own. */
  repo({ name, project }: PipelineName, type = "user"): RepoName {
    return { name, project, type };
  }

  branch(repo: RepoName, name = "master"): Promise<BranchInfo> {
    return this.#pachd.call(pfs.InspectBranch, { branch: { repo, name } });
  }

  async hasRepo(repo: RepoName): Promise<boolean> {
    const repos = await this.#pachd.collect(pfs.ListRepo, { projects: [repo.project] });
    return repos.some((info) => info.repo?.name === repo.name && info.repo.type === repo.type);
  }

  jobs(pipeline: PipelineName, more: ListJobRequest = {}): Promise<JobInfo[]> {
    return this.#pachd.collect(pps.ListJob, { pipeline, ...more });
  }

  /** Waits until a job has ended. */
  async ended(pipeline: PipelineName, id: string): Promise<JobInfo> {
    return this.#pachd.call(pps.InspectJob, { job: { pipeline, id }, wait: true, details: true });
  }

  /** The newest job of the current version, when it has ended. */
  async newest(pipeline: PipelineName): Promise<JobInfo> {
    const [job] = await this.jobs(pipeline, { number: "1" });
    return this.ended(pipeline, job?.job?.id ?? expect.fail(`pipeline ${pipeline.name} has no job`));
  }
}

/** Names, in their order. */
export function names(things: readonly { readonly name?: string }[] | undefined): string[] {
  return (things ?? []).map(({ name = "" }) => name).sort();
}

/** How many datums a job had: all, worked on, skipped, failed. */
export function counts(job: JobInfo): number[] {
  return [job.data_total, job.data_processed, job.data_skipped, job.data_failed].map((text) => Number(text ?? 0));
}
