import { StemmaError } from "../lineage/errors.ts";
import type { DatasetInput, Run } from "../mlflow/types.ts";
import type { CommitName, JobName } from "../pachyderm/types.ts";

/** Data of Pachyderm that a run says it read. */
export interface RunInput {
  readonly commit: CommitName;
  /** Absolute; "/" for all of it. */
  readonly path: string;
}

const NAME = /^[\w-]+$/;
const ID = /^[0-9a-f]{32}$/;

/** The job that a run says it ran in, by its tags. Throws INTEGRITY. */
export function jobOfRun({ id: run, tags }: Run): JobName | undefined {
  const name = tags["pachyderm.pipeline"] ?? tags["pachyderm.repo"];
  const id = tags["pachyderm.job"] ?? tags["pachyderm.commit"];
  if (name === undefined || id === undefined) return undefined;
  const project = tags["pachyderm.project"] ?? "default";
  if (!NAME.test(project) || !NAME.test(name) || !ID.test(id))
    throw new StemmaError("INTEGRITY", `the pachyderm tags of run ${run} name no job`);
  return { pipeline: { project, name }, id };
}

/** The datum that a run says it ran for. */
export function datumOfRun({ tags }: Run): string | undefined {
  const datum = tags["pachyderm.datum"] ?? "";
  return /^[0-9a-f]+$/.test(datum) ? datum : undefined;
}

/** The commits that a run's tags and data sets name. Tags come first: MLflow keeps only the first source of a name and digest. Throws INTEGRITY. */
export function inputsOfRun({ id, tags, datasets }: Run): readonly RunInput[] {
  const tagged = tags["pachyderm.inputs"] === undefined ? [] : parseInputs(tags["pachyderm.inputs"], id);
  const known = new Set(tagged.map(({ commit }) => `${commit.repo.project}/${commit.repo.name}@${commit.id}`));
  const fromDatasets = datasets.filter(isPachyderm).flatMap(parseSource);
  return [
    ...tagged,
    ...fromDatasets.filter(({ commit }) => !known.has(`${commit.repo.project}/${commit.repo.name}@${commit.id}`)),
  ];
}

/** The data sets of a run that say they are of Pachyderm, and do not say which commit. */
export function unreadableDatasets({ datasets }: Run): readonly DatasetInput[] {
  return datasets.filter((dataset) => isPachyderm(dataset) && parseSource(dataset).length === 0);
}

/** The data sets of a run that do not come from Pachyderm. */
export function foreignDatasets({ datasets }: Run): readonly DatasetInput[] {
  return datasets.filter((dataset) => !isPachyderm(dataset));
}

function isPachyderm({ sourceType }: DatasetInput): boolean {
  return sourceType === "pachyderm";
}

function parseInputs(text: string, run: string): readonly RunInput[] {
  const list = parseJson(text);
  const inputs = Array.isArray(list) ? list.map(parseInput) : [undefined];
  if (inputs.every((input) => input !== undefined)) return inputs;
  throw new StemmaError("INTEGRITY", `the tag pachyderm.inputs of run ${run} is not what stemma track writes`);
}

function parseInput(value: unknown): RunInput | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { project = "default", repo, commit, path = "/" } = value as Readonly<Record<string, unknown>>;
  if (typeof project !== "string" || typeof repo !== "string" || typeof commit !== "string" || typeof path !== "string")
    return undefined;
  if (!NAME.test(project) || !NAME.test(repo) || !ID.test(commit)) return undefined;
  return { commit: { repo: { project, name: repo, type: "user" }, id: commit }, path };
}

const PACHYDERM_URI = /^pachyderm:\/\/(?<project>[\w-]+)\/(?<repo>[\w-]+)@(?<commit>[0-9a-f]{32})(?::(?<path>\/.*))?$/;

function parseSource({ source }: DatasetInput): readonly RunInput[] {
  const value = parseJson(source);
  const uri = typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)["uri"] : undefined;
  const groups = typeof uri === "string" ? PACHYDERM_URI.exec(uri)?.groups : undefined;
  const { project, repo, commit, path = "/" } = groups ?? {};
  if (project === undefined || repo === undefined || commit === undefined) return [];
  return [{ commit: { repo: { project, name: repo, type: "user" }, id: commit }, path }];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
