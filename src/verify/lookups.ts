import { Remote } from "../collect/remote.ts";
import { StemmaError, orAbsent } from "../lineage/errors.ts";
import { quoteFilterValue } from "../mlflow/filter.ts";
import type { Artifact, LoggedModel, ModelVersion, RegisteredModel, Run } from "../mlflow/types.ts";
import type { CommitInfo, CommitName, DatumInfo, FileInfo, JobInfo, JobName, RepoName } from "../pachyderm/types.ts";
import type { VerifySources } from "./ports.ts";

/** What both ends say, each thing asked for once. What is not there is undefined; other failures reject. */
export class Lookups {
  readonly sources: VerifySources;
  readonly #kept = new Map<string, Promise<unknown>>();
  readonly #remotes = { pachyderm: new Remote(), mlflow: new Remote() };

  constructor(sources: VerifySources) {
    this.sources = sources;
  }

  run(id: string): Promise<Run | undefined> {
    return this.#once("mlflow", `run ${id}`, () => this.sources.mlflow.findRun(id));
  }

  /** The logged models that came out of a run; none on servers that know no such thing. */
  async models(run: Run): Promise<readonly LoggedModel[]> {
    const filter = `source_run_id = ${quoteFilterValue(run.id)}`;
    const search = async (): Promise<readonly LoggedModel[]> => {
      try {
        return await Array.fromAsync(this.sources.mlflow.searchModels({ experimentIds: [run.experimentId], filter }));
      } catch (error) {
        if (error instanceof StemmaError && error.code === "UNSUPPORTED") return [];
        throw error;
      }
    };
    return (await this.#once("mlflow", `models ${run.id}`, search)) ?? [];
  }

  /** The registry's models by name. */
  async registered(): Promise<ReadonlyMap<string, RegisteredModel>> {
    const list = async (): Promise<ReadonlyMap<string, RegisteredModel>> =>
      new Map((await Array.fromAsync(this.sources.mlflow.listRegisteredModels())).map((model) => [model.name, model]));
    return (await this.#once("mlflow", "registered models", list)) ?? new Map<string, RegisteredModel>();
  }

  /** The versions under a name of the registry, without their aliases. */
  async versions(name: string): Promise<readonly ModelVersion[]> {
    const list = (): Promise<readonly ModelVersion[]> => Array.fromAsync(this.sources.mlflow.listVersionsOf(name));
    return (await this.#once("mlflow", `versions ${name}`, list)) ?? [];
  }

  artifacts(run: Run): Promise<readonly Artifact[] | undefined> {
    return this.#once("mlflow", `artifacts ${run.id}`, () => Array.fromAsync(this.sources.mlflow.listArtifacts(run.id)));
  }

  /** The very commit: where a repo has none of a set, servers may answer with the one before. */
  async commit({ repo, id }: CommitName): Promise<CommitInfo | undefined> {
    const info = await this.commitOfSet(repo, id);
    return info?.commit.id === id ? info : undefined;
  }

  /** A repo's commit of a set, or the one that stands for it there. */
  commitOfSet(repo: RepoName, id: string): Promise<CommitInfo | undefined> {
    const key = `commit ${repo.project}/${repo.name}.${repo.type}@${id}`;
    return this.#once("pachyderm", key, () => this.sources.pachyderm.inspectCommit({ repo, at: id }));
  }

  job(job: JobName): Promise<JobInfo | undefined> {
    return this.#once("pachyderm", `job ${jobText(job)}`, () => this.sources.pachyderm.inspectJob(job));
  }

  datum(job: JobName, id: string): Promise<DatumInfo | undefined> {
    return this.#once("pachyderm", `datum ${jobText(job)} ${id}`, () => this.sources.pachyderm.inspectDatum(job, id));
  }

  file({ repo, id }: CommitName, path: string): Promise<FileInfo | undefined> {
    const key = `file ${repo.project}/${repo.name}@${id}:${path}`;
    return this.#once("pachyderm", key, () => this.sources.pachyderm.inspectFile({ repo, at: id }, path));
  }

  /** What the server's own check of its store finds wrong. It reads everything. */
  async damages(): Promise<readonly string[]> {
    const check = (): Promise<readonly string[]> =>
      Array.fromAsync(this.sources.pachyderm.checkStore()).then((all) =>
        all.filter(({ kind }) => kind === "error").map(({ text }) => text),
      );
    return (await this.#once("pachyderm", "store", check)) ?? [];
  }

  /** Asks one of the two, and never again once it could not be reached: every try may last a time-out. */
  ask<Answer>(source: keyof VerifySources, question: () => Promise<Answer>): Promise<Answer> {
    return this.#remotes[source].ask(question);
  }

  #once<Answer>(source: keyof VerifySources, key: string, question: () => Promise<Answer>): Promise<Answer | undefined> {
    const kept = this.#kept.get(key) as Promise<Answer | undefined> | undefined;
    if (kept !== undefined) return kept;
    const asked = orAbsent(this.ask(source, question));
    this.#kept.set(key, asked);
    return asked;
  }
}

function jobText({ pipeline, id }: JobName): string {
  return `${pipeline.project}/${pipeline.name}@${id}`;
}
