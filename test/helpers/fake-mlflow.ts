import type { MlflowSource } from "../../src/collect/ports.ts";
import { StemmaError } from "../../src/lineage/errors.ts";
import type { DatasetInput, LoggedModel, ModelVersion, RegisteredModel, Run, RunStatus } from "../../src/mlflow/types.ts";
import type { CommitName } from "../../src/pachyderm/types.ts";

const START = Date.parse("2026-11-21T10:00:00Z");

export interface ToldRun {
  readonly tags?: Readonly<Record<string, string>>;
  readonly params?: Readonly<Record<string, string>>;
  readonly metrics?: Readonly<Record<string, number>>;
  readonly datasets?: readonly DatasetInput[];
  readonly status?: RunStatus;
  readonly deleted?: boolean;
  /** Minutes after the story's beginning. */
  readonly at?: number;
  readonly outputs?: readonly string[];
  readonly modelInputs?: readonly string[];
}

/** An MLflow in memory: as much of one as lineage asks of it, filled by a test in the words of its story. */
export class FakeMlflow implements MlflowSource {
  /** Every call, to see that nothing is asked for twice. */
  readonly calls: string[] = [];
  /** How many runs it told of. */
  runsTold = 0;
  experiments: { id: string; name: string }[] = [{ id: "1", name: "paysim" }];
  /** An MLflow 2 has no logged models. */
  hasLoggedModels = true;
  /** Another server's page tokens may be no offsets. */
  canCount = true;
  readonly #runs = new Map<string, Run>();
  readonly #loggedModels = new Map<string, LoggedModel>();
  readonly #registry = new Map<string, { updated: Date; aliases: Record<string, string>; versions: ModelVersion[] }>();
  #tick = 0;

  run(id: string, told: ToldRun = {}): Run {
    const startTime = new Date(START + (told.at ?? 0) * 60_000);
    const status = told.status ?? "FINISHED";
    const run: Run = {
      id,
      experimentId: "1",
      name: "tree",
      status,
      startTime,
      endTime: status === "RUNNING" ? undefined : new Date(startTime.getTime() + 60_000),
      artifactUri: "",
      deleted: told.deleted ?? false,
      tags: told.tags ?? {},
      params: told.params ?? { maxDepth: "5" },
      metrics: told.metrics ?? { areaUnderPR: 0.5, areaUnderROC: 0.75 },
      datasets: told.datasets ?? [],
      outputs: told.outputs ?? [],
      modelInputs: told.modelInputs ?? [],
    };
    this.#runs.set(id, run);
    return run;
  }

  /** A run within a job, tagged as `stemma track` does. */
  runOf(id: string, output: CommitName, datum: string, input: CommitName, told: ToldRun = {}): Run {
    const { project, name } = output.repo;
    const inputs = [{ name: input.repo.name, project, repo: input.repo.name, branch: "master", commit: input.id, path: "/" }];
    const tags = {
      "pachyderm.project": project,
      "pachyderm.pipeline": name,
      "pachyderm.job": output.id,
      "pachyderm.repo": name,
      "pachyderm.commit": output.id,
      "pachyderm.datum": datum,
      "pachyderm.inputs": JSON.stringify(inputs),
      ...told.tags,
    };
    return this.run(id, { ...told, tags });
  }

  change(id: string, change: Partial<Run>): void {
    const run = this.#runs.get(id);
    if (run !== undefined) this.#runs.set(id, { ...run, ...change });
  }

  /** Removes a run for good, as `mlflow gc` does. */
  forget(id: string): void {
    this.#runs.delete(id);
  }

  loggedModel(id: string, told: Partial<LoggedModel> = {}): LoggedModel {
    const time = this.#time();
    const model: LoggedModel = {
      id,
      experimentId: "1",
      name: "forest",
      status: "READY",
      artifactUri: "",
      sourceRunId: undefined,
      tags: {},
      params: {},
      metrics: {},
      created: time,
      updated: time,
      ...told,
    };
    this.#loggedModels.set(id, model);
    return model;
  }

  forgetLoggedModel(id: string): void {
    this.#loggedModels.delete(id);
  }

  /** A new version under a name, which is made if need be. */
  version(name: string, told: Partial<ModelVersion> = {}): ModelVersion {
    const model = this.#registry.get(name) ?? { updated: new Date(0), aliases: {}, versions: [] };
    const created = this.#time();
    const version: ModelVersion = {
      name,
      version: String(Math.max(0, ...model.versions.map((each) => Number(each.version))) + 1),
      runId: undefined,
      source: "s3://models/x",
      aliases: [],
      stage: "None",
      tags: {},
      created,
      ...told,
    };
    this.#registry.set(name, { ...model, updated: created, versions: [...model.versions, version] });
    return version;
  }

  /** Sets, moves, or without a version removes an alias: MLflow notes no time of it. */
  alias(name: string, alias: string, version: string | undefined): void {
    const model = this.#registry.get(name);
    if (model === undefined) return;
    if (version === undefined) delete model.aliases[alias];
    else model.aliases[alias] = version;
  }

  /** A stage moves the time of the name; a tag, as in MLflow, does not. */
  changeVersion(name: string, version: string, change: Partial<Pick<ModelVersion, "stage" | "tags">>): void {
    const model = this.#registry.get(name);
    if (model === undefined) return;
    const versions = model.versions.map((each) => (each.version === version ? { ...each, ...change } : each));
    this.#registry.set(name, { ...model, versions, ...(change.stage === undefined ? {} : { updated: this.#time() }) });
  }

  forgetVersion(name: string, version: string): void {
    const model = this.#registry.get(name);
    if (model === undefined) return;
    const versions = model.versions.filter((each) => each.version !== version);
    const aliases = Object.fromEntries(Object.entries(model.aliases).filter(([, target]) => target !== version));
    this.#registry.set(name, { updated: this.#time(), aliases, versions });
  }

  forgetRegisteredModel(name: string): void {
    this.#registry.delete(name);
  }

  async findRun(id: string): Promise<Run | undefined> {
    this.calls.push(`findRun ${id}`);
    return this.#runs.get(id);
  }

  async *listExperiments(): AsyncIterable<{ id: string; name: string }> {
    this.calls.push("listExperiments");
    yield* this.experiments;
  }

  async *searchRuns(search: Parameters<MlflowSource["searchRuns"]>[0]): AsyncIterable<Run> {
    this.calls.push(`searchRuns ${search.onlyDeleted === true ? "deleted" : (search.filter ?? "")}`.trim());
    const matches = runFilter(search.filter ?? "");
    const found = this.#listed(search.experimentIds).filter(
      (run) => matches(run) && (search.onlyDeleted === true ? run.deleted : search.includeDeleted === true || !run.deleted),
    );
    this.runsTold += found.length;
    const sorted = found.toSorted((a, b) => a.startTime.getTime() - b.startTime.getTime());
    // As in MLflow, only asking for one run tells these.
    for (const run of sorted) yield { ...run, modelInputs: [] };
  }

  async compareRunCount(known: Parameters<MlflowSource["compareRunCount"]>[0]): ReturnType<MlflowSource["compareRunCount"]> {
    this.calls.push("compareRunCount");
    if (!this.canCount) return undefined;
    const all = this.#listed(known.experimentIds).filter((run) => known.onlyDeleted !== true || run.deleted);
    if (all.length === known.count) return "same";
    return all.length < known.count ? "fewer" : "more";
  }

  async *searchModels({ filter = "" }: Parameters<MlflowSource["searchModels"]>[0]): AsyncIterable<LoggedModel> {
    this.calls.push(`searchModels ${filter}`.trim());
    if (!this.hasLoggedModels) throw new StemmaError("UNSUPPORTED", "MLflow has no logged models.");
    const since = Number(/^last_updated_timestamp >= (-?\d+)$/.exec(filter)?.[1] ?? 0);
    for (const model of this.#loggedModels.values()) if (model.updated.getTime() >= since) yield model;
  }

  async *listRegisteredModels(): AsyncIterable<RegisteredModel> {
    this.calls.push("listRegisteredModels");
    for (const [name, { updated, aliases, versions }] of this.#registry) {
      const latest = new Map(versions.map((version) => [version.stage, version]));
      yield { name, updated, aliases: { ...aliases }, latest: [...latest.values()] };
    }
  }

  async *listVersionsOf(name: string): AsyncIterable<ModelVersion> {
    this.calls.push(`listVersionsOf ${name}`);
    yield* this.#registry.get(name)?.versions ?? [];
  }

  runLink({ experimentId, id }: { readonly experimentId: string; readonly id: string }): string {
    return `http://mlflow.test/#/experiments/${experimentId}/runs/${id}`;
  }

  modelLink({ experimentId, id }: { readonly experimentId: string; readonly id: string }): string {
    return `http://mlflow.test/#/experiments/${experimentId}/models/${id}`;
  }

  #listed(experimentIds: readonly string[]): readonly Run[] {
    return [...this.#runs.values()].filter((run) => experimentIds.includes(run.experimentId));
  }

  #time(): Date {
    this.#tick += 1;
    return new Date(START + this.#tick * 600_000);
  }
}

/** The few questions that lineage has for runs. */
function runFilter(filter: string): (run: Run) => boolean {
  if (filter === "") return () => true;
  const since = /^attributes\.start_time >= (?<ms>-?\d+)$/.exec(filter)?.groups;
  if (since !== undefined) return (run) => run.startTime.getTime() >= Number(since["ms"]);
  const ids = /^attributes\.run_id IN \((?<ids>[^)]*)\)$/.exec(filter)?.groups;
  if (ids !== undefined) return (run) => (ids["ids"] ?? "").includes(`'${run.id}'`);
  throw new StemmaError("USAGE", `this fake does not know the filter ${filter}`);
}
