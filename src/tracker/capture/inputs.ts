import { createHash } from "node:crypto";
import { StemmaError } from "../../lineage/errors.ts";
import type { DatasetInput } from "../../mlflow/types.ts";
import type { CommitQuery, FileInfo, JobInfo } from "../../pachyderm/types.ts";
import type { JobInput, WorkerJob } from "./environment.ts";
import type { JobSource, TrackPorts } from "../ports.ts";

/** An input with its place in Pachyderm. What only Pachyderm itself could tell may be missing. */
export interface ResolvedInput {
  readonly name: string;
  readonly project: string;
  readonly repo: string;
  readonly branch?: string | undefined;
  readonly commit: string;
  readonly path: string;
  readonly hash?: string | undefined;
  readonly sizeBytes?: number | undefined;
  /** The files below the path, the first by name when there are very many. */
  readonly files?: readonly InputFile[] | undefined;
  /** How many more there are. */
  readonly moreFiles?: number | undefined;
}

interface InputFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly hash: string;
}

export interface ResolvedJob {
  readonly pipelineVersion?: number | undefined;
  readonly image?: string | undefined;
  /** The pipeline's spec as its user wrote it. */
  readonly specJson?: string | undefined;
  readonly inputs: readonly ResolvedInput[];
}

const MAX_DATASET_NAME = 500;
const MAX_DATASET_SOURCE = 65_535;
const MAX_FILES = 1000;

/** Asks Pachyderm what the inputs are called there. Without an answer the input's name stands for its repo, and that is said. */
export async function resolveInputs(ports: Pick<TrackPorts, "connectJobSource" | "say">, job: WorkerJob): Promise<ResolvedJob> {
  const guess = (input: JobInput): ResolvedInput => ({ ...input, project: job.project, repo: input.name });
  let source: JobSource | undefined;
  try {
    source = await ports.connectJobSource(job.pachdAddress);
    return await askSource(source, job, guess);
  } catch (error) {
    if (!(error instanceof StemmaError)) throw error;
    ports.say(`the inputs go by their names in the pipeline, as Pachyderm does not tell their repos: ${error.message}`);
    return { inputs: job.inputs.map(guess) };
  } finally {
    source?.close();
  }
}

async function askSource(source: JobSource, job: WorkerJob, guess: (input: JobInput) => ResolvedInput): Promise<ResolvedJob> {
  const pipeline = { project: job.project, name: job.pipeline };
  const info = await source.inspectJob({ pipeline, id: job.job });
  const resolve = async (input: JobInput): Promise<ResolvedInput> => {
    const known = info.inputs.find(({ name }) => name === input.name);
    if (known === undefined) return guess(input);
    const { project, name: repo } = known.repo;
    return {
      ...input,
      project,
      repo,
      ...(await askFiles(source, { repo: known.repo, at: input.commit }, input.path)),
      branch: known.branch,
    };
  };
  const [inputs, specJson] = await Promise.all([Promise.all(job.inputs.map(resolve)), askSpec(source, info)]);
  return { pipelineVersion: info.pipelineVersion, image: info.image || undefined, specJson, inputs };
}

/** The spec of the version that this job runs; undefined when there is a later one already. */
async function askSpec(source: JobSource, { job, pipelineVersion }: JobInfo): Promise<string | undefined> {
  const { version, userSpecJson } = await source.inspectPipeline(job.pipeline);
  return version === pipelineVersion && userSpecJson !== "" ? userSpecJson : undefined;
}

type InputContent = Pick<ResolvedInput, "hash" | "sizeBytes" | "files" | "moreFiles">;

async function askFiles(source: JobSource, query: CommitQuery, path: string): Promise<InputContent> {
  const { hash, sizeBytes } = await source.inspectFile(query, path);
  const files: InputFile[] = [];
  let more = 0;
  for await (const file of source.walkFiles(query, path)) {
    if (file.type === "DIR") continue;
    if (files.length < MAX_FILES) files.push(toInputFile(file));
    else more++;
  }
  return { hash, sizeBytes, files, ...(more === 0 ? {} : { moreFiles: more }) };
}

function toInputFile({ path, sizeBytes, hash }: FileInfo): InputFile {
  return { path, sizeBytes, hash };
}

/**
 * An input as an MLflow data set. Within an experiment MLflow knows a data set by name and digest alone, so the name
 * says what the commit id leaves open: a path below the root, and a project other than the default one.
 */
export function toDataset(input: ResolvedInput, context: string): DatasetInput {
  const { project, repo, commit, path } = input;
  const uri = `pachyderm://${project}/${repo}@${commit}:${path}`;
  const name = `${project === "default" ? "" : `${project}/`}${repo}${path === "/" ? "" : `:${path}`}`;
  return {
    name: shorten(name),
    digest: commit,
    sourceType: "pachyderm",
    source: sourceOf(uri, input),
    context,
  };
}

/** With as many files as MLflow keeps of it. */
function sourceOf(uri: string, { hash, sizeBytes, files = [], moreFiles = 0 }: ResolvedInput): string {
  for (let shown = files.length; ; shown = Math.floor(shown / 2)) {
    const more = moreFiles + files.length - shown;
    const list = files.length === 0 ? {} : { files: files.slice(0, shown) };
    const source = JSON.stringify({ uri, hash, sizeBytes, ...list, ...(more === 0 ? {} : { moreFiles: more }) });
    if (source.length <= MAX_DATASET_SOURCE || shown === 0) return source;
  }
}

function shorten(name: string): string {
  if (name.length <= MAX_DATASET_NAME) return name;
  const digest = createHash("sha256").update(name).digest("hex").slice(0, 16);
  return `${name.slice(0, MAX_DATASET_NAME - 20).toWellFormed()}...${digest}`;
}
