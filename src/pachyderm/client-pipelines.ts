import { FileCalls } from "./client-files.ts";
import { toDatumInfo, toJobInfo, toLogLine, toPipelineInfo } from "./from-wire-pipelines.ts";
import { pps } from "./services.ts";
import { fromDate, fromJobName, fromPipelineName } from "./to-wire.ts";
import type { DatumInfo, JobInfo, JobName, LogLine, PipelineInfo, PipelineName } from "./types.ts";

/** Jobs of all versions of a pipeline: a server by itself leaves out those of older ones. */
const ALL_VERSIONS = -1;

export interface CreatePipelineOptions {
  readonly update?: boolean;
  /** Runs every datum again, also those that have not changed. */
  readonly reprocess?: boolean;
  readonly dryRun?: boolean;
}

export interface LogOptions {
  readonly pipeline?: PipelineName;
  readonly job?: JobName;
  /** A datum of `job`. */
  readonly datum?: string;
  /** Goes on with what is logged from now on, and never ends by itself. */
  readonly follow?: boolean;
  /** Only so many lines from the end. */
  readonly tail?: number;
}

export interface JobListOptions {
  readonly pipeline?: PipelineName | undefined;
  readonly number?: number;
  readonly oldestFirst?: boolean;
  /** With `oldestFirst` only: those that were created later than this. */
  readonly after?: Date | undefined;
}

/** Calls about pipelines, jobs, datums and logs. */
export class PipelineCalls extends FileCalls {
  /** Takes a spec as `pachctl create pipeline -f` does, and answers it with all defaults filled in. */
  async createPipeline(specJson: string, options: CreatePipelineOptions = {}): Promise<string> {
    const reply = await this.connection.call(pps.CreatePipelineV2, {
      create_pipeline_request_json: specJson,
      update: options.update ?? false,
      reprocess: options.reprocess ?? false,
      dry_run: options.dryRun ?? false,
    });
    return reply.effective_create_pipeline_request_json ?? "";
  }

  async inspectPipeline(name: PipelineName): Promise<PipelineInfo> {
    const request = { pipeline: fromPipelineName(name), details: true };
    return toPipelineInfo(await this.connection.call(pps.InspectPipeline, request));
  }

  /** Newest first: of all projects, or with `allVersionsOf` each version of one pipeline. */
  listPipelines(options: { allVersionsOf?: PipelineName } = {}): AsyncIterable<PipelineInfo> {
    const { allVersionsOf } = options;
    const request = {
      details: true,
      ...(allVersionsOf !== undefined && { pipeline: fromPipelineName(allVersionsOf), history: ALL_VERSIONS }),
    };
    return this.connection.receive(pps.ListPipeline, request, toPipelineInfo);
  }

  /** Deletes its jobs and repos too; with `force` even when others read from them. */
  async deletePipeline(name: PipelineName, options: { force?: boolean } = {}): Promise<void> {
    await this.connection.call(pps.DeletePipeline, { pipeline: fromPipelineName(name), must_exist: true, ...options });
  }

  async startPipeline(name: PipelineName): Promise<void> {
    await this.connection.call(pps.StartPipeline, { pipeline: fromPipelineName(name) });
  }

  async stopPipeline(name: PipelineName): Promise<void> {
    await this.connection.call(pps.StopPipeline, { pipeline: fromPipelineName(name), must_exist: true });
  }

  /** With `wait`, answers when the job has ended, however it ended. */
  async inspectJob(job: JobName, options: { wait?: boolean } = {}): Promise<JobInfo> {
    const request = { job: fromJobName(job), details: true, ...options };
    return toJobInfo(await this.connection.call(pps.InspectJob, request, options));
  }

  /** Newest first: one pipeline's, or all. Jobs of earlier versions of a pipeline are among them. */
  listJobs(options: JobListOptions = {}): AsyncIterable<JobInfo> {
    const { pipeline, number, oldestFirst, after } = options;
    const request = {
      history: ALL_VERSIONS,
      details: true,
      ...(pipeline !== undefined && { pipeline: fromPipelineName(pipeline) }),
      ...(number !== undefined && { number }),
      ...(oldestFirst === true && { reverse: true }),
      ...(after !== undefined && { paginationMarker: fromDate(after) }),
    };
    return this.connection.receive(pps.ListJob, request, toJobInfo);
  }

  /** The jobs that one commit set made, upstream before downstream; with `wait`, each when it has ended. */
  inspectJobSet(id: string, options: { wait?: boolean } = {}): AsyncIterable<JobInfo> {
    return this.connection.receive(pps.InspectJobSet, { job_set: { id }, details: true, ...options }, toJobInfo);
  }

  async stopJob(job: JobName, reason = ""): Promise<void> {
    await this.connection.call(pps.StopJob, { job: fromJobName(job), reason });
  }

  /** By datum id. */
  listDatums(job: JobName): AsyncIterable<DatumInfo> {
    return this.connection.receive(pps.ListDatum, { job: fromJobName(job) }, toDatumInfo);
  }

  async inspectDatum(job: JobName, id: string): Promise<DatumInfo> {
    return toDatumInfo(await this.connection.call(pps.InspectDatum, { datum: { job: fromJobName(job), id } }));
  }

  logs(options: LogOptions): AsyncIterable<LogLine> {
    const { pipeline, job, datum, follow = false, tail = 0 } = options;
    const request = {
      follow,
      tail,
      ...(pipeline !== undefined && { pipeline: fromPipelineName(pipeline) }),
      ...(job !== undefined && { job: fromJobName(job) }),
      ...(job !== undefined && datum !== undefined && { datum: { job: fromJobName(job), id: datum } }),
    };
    return this.connection.receive(pps.GetLogs, request, toLogLine);
  }

  /** Makes a Kubernetes secret, which pipelines mount or read as variables. */
  async createSecret(name: string, values: Readonly<Record<string, string>>): Promise<void> {
    const secret = { kind: "Secret", apiVersion: "v1", type: "Opaque", metadata: { name }, stringData: values };
    await this.connection.call(pps.CreateSecret, { file: Buffer.from(JSON.stringify(secret)) });
  }
}
