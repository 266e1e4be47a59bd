import { StemmaError } from "../lineage/errors.ts";
import { type MlflowAddress, parseMlflowAddress } from "./address.ts";
import { listArtifacts, putArtifact } from "./artifacts.ts";
import { planBatches } from "./batches.ts";
import { quoteFilterValue } from "./filter.ts";
import { type Call, MlflowHttp } from "./http.ts";
import { listPages } from "./pages.ts";
import type { Artifact, DatasetInput, Experiment, ModelVersion, Run, RunBatch, RunStatus } from "./types.ts";
import { type WireModelVersion, type WireRun, fromDatasetInput, toModelVersion, toPairs, toRun } from "./wire.ts";

const API = "/api/2.0/mlflow";
const DEFAULT_TIMEOUT_MS = 60_000;
const HEALTH_TIMEOUT_MS = 5_000;
/** A bucket behind the server takes its time after the last byte of a large file. */
const ARTIFACT_TIMEOUT_FACTOR = 10;
const DEFAULT_PAGE_SIZE = 1000;
const DATASETS_PER_CALL = 100;

export interface MlflowClientOptions {
  readonly uri: string;
  readonly timeoutMs?: number | undefined;
  /** Where MLFLOW_TRACKING_USERNAME, _PASSWORD and _TOKEN are looked up. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** How many runs, experiments or model versions to ask for at a time. */
  readonly pageSize?: number | undefined;
}

export interface NewRun {
  readonly experimentId: string;
  readonly name: string;
  readonly startTime: Date;
  readonly tags: Readonly<Record<string, string>>;
}

export interface RunSearch {
  readonly experimentIds: readonly string[];
  /** In MLflow's own search language. */
  readonly filter?: string;
  readonly includeDeleted?: boolean;
}

/** An MLflow server, spoken to over its REST API. */
export class MlflowClient {
  readonly #address: MlflowAddress;
  readonly #http: MlflowHttp;
  readonly #timeoutMs: number;
  readonly #pageSize: number;

  constructor({ uri, timeoutMs = DEFAULT_TIMEOUT_MS, env = {}, pageSize = DEFAULT_PAGE_SIZE }: MlflowClientOptions) {
    this.#address = parseMlflowAddress(uri, env);
    this.#timeoutMs = timeoutMs;
    this.#pageSize = pageSize;
    this.#http = new MlflowHttp(this.#address, timeoutMs);
  }

  /** Without credentials and final slash. */
  get uri(): string {
    return this.#address.uri;
  }

  /** Rejects with UNREACHABLE when nobody answers. */
  async checkHealth(): Promise<void> {
    const timeoutMs = Math.min(HEALTH_TIMEOUT_MS, this.#timeoutMs);
    await this.#http.text({ method: "GET", path: "/health", repeat: "never", timeoutMs });
  }

  /** The id of the experiment of that name, which is made if it is not there. A deleted one is USAGE. */
  async experimentId(name: string): Promise<string> {
    const known = await this.#findExperiment(name);
    if (known !== undefined) return known;
    try {
      const { experiment_id: id } = await this.#post<{ experiment_id: string }>("experiments/create", { name });
      return id;
    } catch (error) {
      if (!(error instanceof StemmaError) || error.code !== "ALREADY_EXISTS") throw error;
      const others = await this.#findExperiment(name);
      if (others === undefined) throw error;
      return others;
    }
  }

  /** All of them, deleted ones too: their runs are still what made something. */
  async *listExperiments(): AsyncIterable<Experiment> {
    const pages = listPages((token) =>
      this.#post<{ experiments?: { experiment_id: string; name: string }[]; next_page_token?: string }>("experiments/search", {
        max_results: this.#pageSize,
        view_type: "ALL",
        order_by: ["creation_time ASC"],
        page_token: token,
      }),
    );
    for await (const { experiments = [] } of pages) {
      for (const { experiment_id: id, name } of experiments) yield { id, name };
    }
  }

  /** Not repeated after a lost answer: look for the run by a tag before creating it again. */
  async createRun({ experimentId, name, startTime, tags }: NewRun): Promise<Run> {
    const body = {
      experiment_id: experimentId,
      start_time: startTime.getTime(),
      run_name: name,
      user_id: tags["mlflow.user"] ?? "",
      tags: toPairs(tags),
    };
    const { run } = await this.#post<{ run: WireRun }>("runs/create", body, "if-unsent");
    return toRun(run);
  }

  /** Rejects with NOT_FOUND. Deleted runs are found, too. */
  async inspectRun(id: string): Promise<Run> {
    const { run } = await this.#get<{ run: WireRun }>("runs/get", { run_id: id });
    return toRun(run);
  }

  async findRun(id: string): Promise<Run | undefined> {
    return orUndefined(this.inspectRun(id));
  }

  async updateRun(id: string, { status, endTime }: { status: RunStatus; endTime?: Date }): Promise<void> {
    const body = { run_id: id, status, ...(endTime === undefined ? {} : { end_time: endTime.getTime() }) };
    const { run_info: info } = await this.#post<{ run_info: WireRun["info"] }>("runs/update", body);
    // A status that it does not know is ignored by the server, with a 200.
    if (info.status !== status)
      throw new StemmaError("FAILED", `MLflow at ${this.uri}: run ${id} is ${info.status ?? "without status"}, not ${status}`);
  }

  /** In as many calls as the server's limits ask for. A refused call stores nothing of its own, the calls before it stay. */
  async logBatch(id: string, batch: RunBatch): Promise<void> {
    for (const part of planBatches(batch)) await this.#post("runs/log-batch", { run_id: id, ...part });
  }

  async logInputs(id: string, datasets: readonly DatasetInput[]): Promise<void> {
    for (let start = 0; start < datasets.length; start += DATASETS_PER_CALL) {
      const part = datasets.slice(start, start + DATASETS_PER_CALL);
      await this.#post("runs/log-inputs", { run_id: id, datasets: part.map(fromDatasetInput) });
    }
  }

  /** Oldest first, so that runs created meanwhile shift no page. Without experiment ids MLflow finds nothing. */
  async *searchRuns({ experimentIds, filter = "", includeDeleted = false }: RunSearch): AsyncIterable<Run> {
    const query = {
      experiment_ids: experimentIds,
      filter,
      run_view_type: includeDeleted ? "ALL" : "ACTIVE_ONLY",
      max_results: this.#pageSize,
      order_by: ["start_time ASC"],
    };
    const pages = listPages((token) =>
      this.#post<{ runs?: WireRun[]; next_page_token?: string }>("runs/search", { ...query, page_token: token }),
    );
    for await (const { runs = [] } of pages) yield* runs.map(toRun);
  }

  /** USAGE for a path that MLflow cannot keep, UNSUPPORTED when the server does not serve the run's artifacts. */
  async putArtifact(run: Run, path: string, content: { readonly file: string }): Promise<void> {
    await putArtifact(this.#http, run, path, content.file, this.#timeoutMs * ARTIFACT_TIMEOUT_FACTOR);
  }

  listArtifacts(runId: string): AsyncIterable<Artifact> {
    return listArtifacts(this.#http, runId);
  }

  /** The registry's versions that came out of a run. */
  async *listModelVersions({ runId }: { runId: string }): AsyncIterable<ModelVersion> {
    const pages = listPages((token) =>
      this.#get<{ model_versions?: WireModelVersion[]; next_page_token?: string }>("model-versions/search", {
        filter: `run_id = ${quoteFilterValue(runId)}`,
        max_results: this.#pageSize,
        page_token: token,
      }),
    );
    for await (const { model_versions: versions = [] } of pages) {
      for (const { name, version } of versions) yield await this.#inspectModelVersion(name, version);
    }
  }

  /** The run's page in MLflow's web interface. */
  runLink({ experimentId, id }: Pick<Run, "id" | "experimentId">): string {
    return `${this.uri}/#/experiments/${experimentId}/runs/${id}`;
  }

  /** A search leaves out the aliases. */
  async #inspectModelVersion(name: string, version: string): Promise<ModelVersion> {
    const answer = await this.#get<{ model_version: WireModelVersion }>("model-versions/get", { name, version });
    return toModelVersion(answer.model_version);
  }

  async #findExperiment(name: string): Promise<string | undefined> {
    const answer = await orUndefined(
      this.#get<{ experiment: { experiment_id: string; lifecycle_stage?: string } }>("experiments/get-by-name", {
        experiment_name: name,
      }),
    );
    if (answer === undefined) return undefined;
    const { experiment_id: id, lifecycle_stage: stage } = answer.experiment;
    if (stage !== "deleted") return id;
    throw new StemmaError("USAGE", `the experiment "${name}" of MLflow at ${this.uri} is deleted.`, {
      hint: `Use another name, or "mlflow experiments restore --experiment-id ${id}".`,
    });
  }

  #get<Answer>(method: string, query: Readonly<Record<string, string | number | undefined>>): Promise<Answer> {
    return this.#http.json<Answer>({ method: "GET", path: `${API}/${method}`, query, repeat: "always" });
  }

  /** Bodies begin with the ids: the server drops a field that it cannot read together with all that follow. */
  #post<Answer>(method: string, body: unknown, repeat: Call["repeat"] = "always"): Promise<Answer> {
    return this.#http.json<Answer>({ method: "POST", path: `${API}/${method}`, body, repeat });
  }
}

async function orUndefined<Value>(promise: Promise<Value>): Promise<Value | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof StemmaError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}
