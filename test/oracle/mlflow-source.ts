import type { MlflowSource } from "../../src/collect/ports.ts";
import { StemmaError } from "../../src/lineage/errors.ts";
import type { Experiment, LoggedModel, ModelVersion, RegisteredModel, Run } from "../../src/mlflow/types.ts";
import type { RunCount } from "../../src/mlflow/count-runs.ts";
import type { ModelSearch } from "../../src/mlflow/logged-models.ts";
import type { Tracking } from "./tracking.ts";
import { bare } from "./tracking.ts";

interface RunSearch {
  readonly experimentIds: readonly string[];
  readonly filter?: string;
  readonly includeDeleted?: boolean;
  readonly onlyDeleted?: boolean;
}

/** Answers as MLflow 3 does. A mock: thousands of histories cannot run on a real server. */
export class MockMlflow implements MlflowSource {
  readonly #tracking: Tracking;
  /** Called before each answer: to fail in the middle of something. */
  readonly #ask: () => void;

  constructor(tracking: Tracking, ask: () => void) {
    this.#tracking = tracking;
    this.#ask = ask;
  }

  async *listExperiments(): AsyncIterable<Experiment> {
    this.#ask();
    yield* this.#tracking.experiments;
  }

  async findRun(id: string): Promise<Run | undefined> {
    this.#ask();
    return this.#tracking.runs.get(id);
  }

  /** Oldest first. */
  async *searchRuns({ experimentIds, filter = "", includeDeleted = false, onlyDeleted = false }: RunSearch): AsyncIterable<Run> {
    this.#ask();
    const isMatch = readFilter(filter);
    const isSought = ({ deleted }: Run): boolean => (deleted ? includeDeleted || onlyDeleted : !onlyDeleted);
    for (const run of [...this.#tracking.runs.values()].sort((one, other) => one.startTime.getTime() - other.startTime.getTime()))
      if (experimentIds.includes(run.experimentId) && isSought(run) && isMatch(run)) yield run;
  }

  async compareRunCount({ experimentIds, onlyDeleted = false, count }: RunCount): Promise<"fewer" | "same" | "more"> {
    this.#ask();
    const runs = [...this.#tracking.runs.values()].filter(
      ({ experimentId, deleted }) => experimentIds.includes(experimentId) && (deleted || !onlyDeleted),
    );
    if (runs.length === count) return "same";
    return runs.length < count ? "fewer" : "more";
  }

  async *searchModels({ experimentIds, filter = "" }: ModelSearch): AsyncIterable<LoggedModel> {
    this.#ask();
    const since = Number(/^last_updated_timestamp >= (?<value>\d+)$/.exec(filter)?.groups?.["value"] ?? 0);
    for (const model of this.#tracking.models.values())
      if (experimentIds.includes(model.experimentId) && model.updated.getTime() >= since) yield model;
  }

  async *listRegisteredModels(): AsyncIterable<RegisteredModel> {
    this.#ask();
    yield* this.#tracking.registered();
  }

  async *listVersionsOf(name: string): AsyncIterable<ModelVersion> {
    this.#ask();
    for (const version of this.#tracking.versions.values()) if (version.name === name) yield bare(version);
  }

  runLink({ experimentId, id }: Pick<Run, "id" | "experimentId">): string {
    return `http://mlflow.test/#/experiments/${experimentId}/runs/${id}`;
  }

  modelLink({ experimentId, id }: Pick<LoggedModel, "id" | "experimentId">): string {
    return `http://mlflow.test/#/experiments/${experimentId}/models/${id}`;
  }
}

/** The few filters that lineage uses. */
function readFilter(filter: string): (run: Run) => boolean {
  if (filter === "") return () => true;
  const since = /^attributes\.start_time >= (?<value>\d+)$/.exec(filter)?.groups?.["value"];
  if (since !== undefined) return ({ startTime }) => startTime.getTime() >= Number(since);
  const ids = /^attributes\.run_id IN \((?<list>[^)]*)\)$/.exec(filter)?.groups?.["list"];
  if (ids !== undefined) return ({ id }) => ids.includes(`'${id}'`);
  throw new StemmaError("USAGE", `this mock does not know the filter ${filter}`);
}
