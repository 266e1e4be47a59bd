import type { DatasetInput, LoggedModel, ModelVersion, RegisteredModel, Run, RunStatus } from "../../src/mlflow/types.ts";
import { digestOf } from "./names.ts";

export interface NewRun {
  /** What a real server calls it. */
  readonly id?: string;
  readonly began: Date;
  readonly ended: Date | undefined;
  readonly status: RunStatus;
  readonly experimentId: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly datasets?: readonly DatasetInput[];
  readonly modelInputs?: readonly string[];
}

/** An MLflow in memory: what there is, in the order in which it was made. */
export class Tracking {
  readonly experiments = ["1", "2", "3"].map((id) => ({ id, name: `experiment ${id}` }));
  readonly runs = new Map<string, Run>();
  readonly models = new Map<string, LoggedModel>();
  readonly versions = new Map<string, ModelVersion>();
  /** When a version of the name was made or put into another stage. */
  readonly #updated = new Map<string, Date>();
  /** What was removed for good. */
  readonly forgotten: Run[] = [];
  #ids = 0;

  addRun({ id, began, ended, status, experimentId, tags = {}, datasets = [], modelInputs = [] }: NewRun): Run {
    this.#ids += 1;
    const run: Run = {
      id: id ?? digestOf(`run ${this.#ids}`),
      experimentId,
      name: `run-${this.#ids}`,
      status,
      startTime: began,
      endTime: ended,
      artifactUri: "",
      deleted: false,
      tags,
      params: { number: String(this.#ids) },
      metrics: { loss: 1 / this.#ids },
      datasets,
      outputs: [],
      modelInputs,
    };
    this.runs.set(run.id, run);
    return run;
  }

  /** Removes a run for good, as `mlflow gc` does. */
  forgetRun(run: Run): void {
    this.runs.delete(run.id);
    this.forgotten.push(run);
  }

  changeRun(id: string, change: Partial<Run>): void {
    const run = this.runs.get(id);
    if (run !== undefined) this.runs.set(id, { ...run, ...change });
  }

  addModel(run: Run, created: Date): LoggedModel {
    const id = `m-${digestOf(`model ${run.id} ${this.models.size}`)}`;
    const model: LoggedModel = {
      id,
      experimentId: run.experimentId,
      name: "model",
      status: "READY",
      artifactUri: "",
      sourceRunId: run.id,
      tags: {},
      params: {},
      metrics: {},
      created,
      updated: created,
    };
    this.models.set(id, model);
    this.changeRun(run.id, { outputs: [...(this.runs.get(run.id)?.outputs ?? []), id] });
    return model;
  }

  /** A version of a registered model: from a logged model, or, as of old, from a run's artifacts. */
  addVersion(name: string, from: { readonly run: Run; readonly model: LoggedModel | undefined }, created: Date): ModelVersion {
    const number = [...this.versions.values()].filter((each) => each.name === name).length + 1;
    const version: ModelVersion = {
      name,
      version: String(number),
      runId: from.run.id,
      source: from.model === undefined ? `runs:/${from.run.id}/model` : `models:/${from.model.id}`,
      aliases: [],
      stage: "None",
      tags: {},
      created,
    };
    this.versions.set(`${name}/${number}`, version);
    this.#updated.set(name, created);
    return version;
  }

  /** An alias points at one version of its model, or at none. */
  moveAlias(name: string, alias: string, to: string | undefined): void {
    for (const [key, version] of this.versions) {
      if (version.name !== name) continue;
      const others = version.aliases.filter((each) => each !== alias);
      this.versions.set(key, { ...version, aliases: version.version === to ? [...others, alias] : others });
    }
  }

  setStage(key: string, stage: string, now: Date): void {
    const version = this.versions.get(key);
    if (version === undefined) return;
    this.versions.set(key, { ...version, stage });
    this.#updated.set(version.name, now);
  }

  /** As MLflow lists it: aliases beside the versions, and the newest of each stage. */
  registered(): readonly RegisteredModel[] {
    const byName = Map.groupBy(this.versions.values(), ({ name }) => name);
    return [...byName]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, versions]) => ({
        name,
        updated: this.#updated.get(name) ?? new Date(0),
        aliases: Object.fromEntries(versions.flatMap(({ aliases, version }) => aliases.map((alias) => [alias, version]))),
        latest: [...Map.groupBy(versions, ({ stage }) => stage).values()].flatMap((list) => list.slice(-1).map(bare)),
      }));
  }
}

/** A search leaves out the aliases. */
export function bare(version: ModelVersion): ModelVersion {
  return { ...version, aliases: [] };
}
