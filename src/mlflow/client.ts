import { orAbsent } from "../lineage/errors.ts";
import { type MlflowAddress, parseMlflowAddress } from "./address.ts";
import { MlflowApi } from "./api.ts";
import { Artifacts } from "./artifacts.ts";
import { type RunCount, compareRunCount } from "./count-runs.ts";
import { type FoundExperiment, findExperiment, listExperiments, openExperiment } from "./experiments.ts";
import { MlflowHttp } from "./http.ts";
import * as models from "./logged-models.ts";
import { MultipartUploads, SMALLEST_MULTIPART_BYTES } from "./multipart.ts";
import { listModelVersions, listRegisteredModels, listVersionsOf } from "./registry.ts";
import { registerModel, setAlias } from "./register.ts";
import * as runs from "./runs.ts";
import { ARTIFACT_TIMEOUT_FACTOR, timeoutOf } from "./timeouts.ts";
import type {
  Artifact,
  DatasetInput,
  Experiment,
  FileContent,
  LoggedModel,
  ModelVersion,
  RegisteredModel,
  Run,
  RunBatch,
} from "./types.ts";

export type { NewModel } from "./logged-models.ts";
export type { NewRun } from "./runs.ts";

const HEALTH_TIMEOUT_MS = 5_000;
const DEFAULT_PAGE_SIZE = 1000;
/** One call's points are read while another's are stored. More wait for the same database. */
const DEFAULT_METRIC_LANES = 2;

export interface MlflowClientOptions {
  readonly uri: string;
  /** How long a call may take; $MLFLOW_HTTP_REQUEST_TIMEOUT by default, else a minute. */
  readonly timeoutMs?: number | undefined;
  /** Where MLflow's own variables for user, password, token and time-out are looked up, and the proxy's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** How many runs, experiments or model versions to ask for at a time. */
  readonly pageSize?: number | undefined;
  /** How many calls carry the metrics of one `logBatch` at once. */
  readonly metricLanes?: number | undefined;
  /** From which size on files are sent in parts, where the server offers that. */
  readonly multipartBytes?: number | undefined;
  /** Ends all calls, those under way too, with UNREACHABLE. */
  readonly signal?: AbortSignal | undefined;
}

/** An MLflow server, spoken to over its REST API. */
export class MlflowClient {
  readonly #address: MlflowAddress;
  readonly #http: MlflowHttp;
  readonly #api: MlflowApi;
  readonly #artifacts: Artifacts;
  readonly #timeoutMs: number;
  readonly #metricLanes: number;

  constructor({
    uri,
    timeoutMs,
    env = {},
    pageSize,
    metricLanes,
    signal,
    multipartBytes = SMALLEST_MULTIPART_BYTES,
  }: MlflowClientOptions) {
    this.#address = parseMlflowAddress(uri, env);
    this.#timeoutMs = timeoutMs ?? timeoutOf(env);
    this.#metricLanes = metricLanes ?? DEFAULT_METRIC_LANES;
    this.#http = new MlflowHttp(this.#address, { timeoutMs: this.#timeoutMs, env, signal });
    this.#api = new MlflowApi(this.#http, pageSize ?? DEFAULT_PAGE_SIZE);
    const fileTimeoutMs = this.#timeoutMs * ARTIFACT_TIMEOUT_FACTOR;
    this.#artifacts = new Artifacts(this.#http, new MultipartUploads(this.#http, multipartBytes), fileTimeoutMs);
  }

  /** Without credentials and final slash. */
  get uri(): string {
    return this.#address.uri;
  }

  /**
   * How many calls that create or change something were sent of which nobody knows whether they took, or will take, effect.
   * It only grows: who sees it grow should look again at the end.
   */
  get doubts(): number {
    return this.#http.doubts;
  }

  /** Rejects with UNREACHABLE when nobody answers. */
  async checkHealth(): Promise<void> {
    const timeoutMs = Math.min(HEALTH_TIMEOUT_MS, this.#timeoutMs);
    await this.#http.text({ method: "GET", path: "/health", repeat: "never", timeoutMs });
  }

  /** The id of the experiment of that name, which is made if it is not there. A deleted one is USAGE. */
  experimentId(name: string): Promise<string> {
    return openExperiment(this.#api, name);
  }

  /** Makes none. A deleted one is found. */
  findExperiment(name: string): Promise<FoundExperiment | undefined> {
    return findExperiment(this.#api, name);
  }

  /** All of them, deleted ones too: their runs are still what made something. */
  listExperiments(): AsyncIterable<Experiment> {
    return listExperiments(this.#api);
  }

  /** Not repeated after a lost answer: look for the run by a tag before creating it again. */
  createRun(run: runs.NewRun): Promise<Run> {
    return runs.createRun(this.#api, run);
  }

  /** Rejects with NOT_FOUND. Deleted runs are found, too. */
  inspectRun(id: string): Promise<Run> {
    return runs.inspectRun(this.#api, id);
  }

  findRun(id: string): Promise<Run | undefined> {
    return orAbsent(this.inspectRun(id));
  }

  /** What is not given stays as it is; a run that goes on keeps the end of its earlier attempt. */
  updateRun(id: string, change: runs.RunChange): Promise<void> {
    return runs.updateRun(this.#api, id, change);
  }

  /** It can still be inspected, but nothing can be logged to it. A deleted one stays deleted. */
  async deleteRun(id: string): Promise<void> {
    await this.#api.post("runs/delete", { run_id: id }, { isDelicate: true });
  }

  async restoreRun(id: string): Promise<void> {
    await this.#api.post("runs/restore", { run_id: id }, { isDelicate: true });
  }

  /**
   * In as many calls as the server's limits ask for, several at a time. A refused call stores nothing of its own, others stay.
   * The same again changes nothing.
   */
  logBatch(id: string, batch: RunBatch): Promise<void> {
    return runs.logBatch(this.#api, id, batch, this.#metricLanes);
  }

  logInputs(id: string, datasets: readonly DatasetInput[]): Promise<void> {
    return runs.logInputs(this.#api, id, datasets);
  }

  /** Oldest first, so that runs created meanwhile shift no page. Without experiment ids MLflow finds nothing. */
  searchRuns(search: runs.RunSearch): AsyncIterable<Run> {
    return runs.searchRuns(this.#api, search);
  }

  /** Whether the server has as many runs as the caller knows of. Undefined from a server that cannot tell without listing them. */
  compareRunCount(known: RunCount): Promise<"fewer" | "same" | "more" | undefined> {
    return compareRunCount(this.#api, known);
  }

  /** USAGE for a path that MLflow cannot keep, UNSUPPORTED when the server does not serve the run's artifacts. */
  putArtifact(run: Run, path: string, content: FileContent): Promise<void> {
    return this.#artifacts.put(run, path, content);
  }

  /** Hands out an artifact's bytes as they come. NOT_FOUND when it is not there; a connection that is lost on the way is an error. */
  readArtifact(
    owner: Pick<Run, "id" | "artifactUri">,
    path: string,
    take: (piece: Uint8Array) => void | Promise<void>,
  ): Promise<void> {
    return this.#artifacts.read(owner, path, take);
  }

  listArtifacts(runId: string): AsyncIterable<Artifact> {
    return this.#artifacts.list(runId);
  }

  /** Not repeated after a lost answer. UNSUPPORTED, as all of these, when the server knows no logged models. */
  createModel(model: models.NewModel): Promise<LoggedModel> {
    return models.createModel(this.#api, model);
  }

  /** Oldest first, without deleted ones. */
  searchModels(search: models.ModelSearch): AsyncIterable<LoggedModel> {
    return models.searchModels(this.#api, search);
  }

  putModelFile(model: LoggedModel, path: string, content: FileContent): Promise<void> {
    return this.#artifacts.put(model, path, content);
  }

  finishModel(id: string, status: "READY" | "UPLOAD_FAILED"): Promise<void> {
    return models.finishModel(this.#api, id, status);
  }

  /** A deleted one stays deleted. */
  deleteModel(id: string): Promise<void> {
    return models.deleteModel(this.#api, id);
  }

  /** Names models as what a run made. The same again changes nothing. */
  logOutputs(runId: string, modelIds: readonly string[]): Promise<void> {
    return models.logOutputs(this.#api, runId, modelIds);
  }

  /** The registry's versions that came out of a run. */
  listModelVersions({ runId }: { runId: string }): AsyncIterable<ModelVersion> {
    return listModelVersions(this.#api, runId);
  }

  /** Makes a logged model the next version of a name in the registry. */
  registerModel(name: string, model: Pick<LoggedModel, "id" | "sourceRunId">): Promise<ModelVersion> {
    return registerModel(this.#api, name, model);
  }

  /** Lets an alias point at this version, and at no other. */
  setAlias(version: Pick<ModelVersion, "name" | "version">, alias: string): Promise<void> {
    return setAlias(this.#api, version, alias);
  }

  /** All names of the registry, with their aliases. */
  listRegisteredModels(): AsyncIterable<RegisteredModel> {
    return listRegisteredModels(this.#api);
  }

  /** The versions under one name of the registry, without their aliases. */
  listVersionsOf(name: string): AsyncIterable<ModelVersion> {
    return listVersionsOf(this.#api, name);
  }

  /** A logged model's page in MLflow's web interface. */
  modelLink({ experimentId, id }: Pick<LoggedModel, "id" | "experimentId">): string {
    return `${this.uri}/#/experiments/${experimentId}/models/${id}`;
  }

  /** The run's page in MLflow's web interface. */
  runLink({ experimentId, id }: Pick<Run, "id" | "experimentId">): string {
    return `${this.uri}/#/experiments/${experimentId}/runs/${id}`;
  }
}
