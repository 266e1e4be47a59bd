import { createHash } from "node:crypto";
import { StemmaError } from "../../lineage/errors.ts";
import type { DatasetInput } from "../../mlflow/types.ts";
import type { RepoName } from "../../pachyderm/types.ts";
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
}

export interface ResolvedJob {
  readonly pipelineVersion?: number | undefined;
  readonly inputs: readonly ResolvedInput[];
}

const MAX_DATASET_NAME = 500;

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
  const info = await source.inspectJob({ pipeline: { project: job.project, name: job.pipeline }, id: job.job });
  const resolve = async (input: JobInput): Promise<ResolvedInput> => {
    const known = info.inputs.find(({ name }) => name === input.name);
    return known === undefined ? guess(input) : { ...input, ...(await askFile(source, known.repo, input)), branch: known.branch };
  };
  return { pipelineVersion: info.pipelineVersion, inputs: await Promise.all(job.inputs.map(resolve)) };
}

async function askFile(
  source: JobSource,
  repo: RepoName,
  { commit, path }: JobInput,
): Promise<Omit<ResolvedInput, "name" | "commit" | "path">> {
  const { hash, sizeBytes } = await source.inspectFile({ repo, at: commit }, path);
  return { project: repo.project, repo: repo.name, hash, sizeBytes };
}

/**
 * An input as an MLflow data set. Within an experiment MLflow knows a data set by name and digest alone, so the name
 * says what the commit id leaves open: a path below the root, and a project other than the default one.
 */
export function toDataset(input: ResolvedInput, context: string): DatasetInput {
  const { project, repo, commit, path, hash, sizeBytes } = input;
  const uri = `pachyderm://${project}/${repo}@${commit}:${path}`;
  const name = `${project === "default" ? "" : `${project}/`}${repo}${path === "/" ? "" : `:${path}`}`;
  return {
    name: shorten(name),
    digest: commit,
    sourceType: "pachyderm",
    source: JSON.stringify({ uri, hash, sizeBytes }),
    context,
  };
}

function shorten(name: string): string {
  if (name.length <= MAX_DATASET_NAME) return name;
  const digest = createHash("sha256").update(name).digest("hex").slice(0, 16);
  return `${name.slice(0, MAX_DATASET_NAME - 20).toWellFormed()}...${digest}`;
}
