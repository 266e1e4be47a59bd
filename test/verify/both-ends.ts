import { blake2b } from "hash-wasm";
import { StemmaError } from "../../src/lineage/errors.ts";
import type { LoggedModel, ModelVersion, RegisteredModel, Run } from "../../src/mlflow/types.ts";
import type { CommitInfo, FileInfo, JobInfo, RepoName } from "../../src/pachyderm/types.ts";
import { cardDigest } from "../../src/tracker/card/canonical.ts";
import type { VerifySources } from "../../src/verify/ports.ts";
import { absentSource } from "../../src/collect/ports.ts";

export const RUN = "a".repeat(32);
export const JOB = "b".repeat(32);
export const INPUT = "c".repeat(32);
export const DATUM = "d".repeat(64);
const TIME = new Date("2026-11-21T14:00:00Z");

/** Pachyderm and MLflow as a test has them: what is not in here is not there. */
export interface BothEnds {
  readonly commits: Map<string, CommitInfo>;
  /** `rows@ID:/path` to its content. */
  readonly files: Map<string, string>;
  readonly jobs: Map<string, JobInfo>;
  readonly datums: Set<string>;
  readonly runs: Map<string, Run>;
  /** `RUN:path` to its content. */
  readonly artifacts: Map<string, string>;
  readonly models: LoggedModel[];
  readonly registered: Map<string, RegisteredModel>;
  readonly versions: ModelVersion[];
}

/** One run of one datum that read rows@INPUT in the job train@JOB and left its card: all is as it should be. */
export function soundEnds(): BothEnds {
  const tags = {
    team: "fraud",
    "stemma.key": `default/train@${JOB}/${DATUM}/train`,
    "pachyderm.pipeline": "train",
    "pachyderm.pipeline_version": "2",
    "pachyderm.image": "spark:1",
    "pachyderm.job": JOB,
    "pachyderm.datum": DATUM,
    "pachyderm.inputs": JSON.stringify([{ name: "rows", project: "default", repo: "rows", commit: INPUT, path: "/" }]),
  };
  const run: Run = {
    id: RUN,
    experimentId: "1",
    name: "train",
    status: "FINISHED",
    startTime: TIME,
    endTime: TIME,
    artifactUri: "mlflow-artifacts:/1/a/artifacts",
    deleted: false,
    tags,
    params: { depth: "5" },
    metrics: { auc: 0.75 },
    datasets: [],
    outputs: [],
    modelInputs: [],
  };
  return {
    commits: new Map([commit("rows", INPUT), commit("train", JOB)]),
    files: new Map([
      [`rows@${INPUT}:/day.csv`, "1\n"],
      [`train@${JOB}:/${RUN}`, cardText(run)],
    ]),
    jobs: new Map([[`train@${JOB}`, job()]]),
    datums: new Set([DATUM]),
    runs: new Map([[RUN, run]]),
    artifacts: new Map([[`${RUN}:tree.txt`, "tree"]]),
    models: [],
    registered: new Map(),
    versions: [],
  };
}

/** The card that a tracker would leave of a run, with what a test wants otherwise. */
export function cardText({ tags, params, metrics }: Run, otherwise: object = {}): string {
  const card = {
    schema: "stemma/run-card/1",
    runId: RUN,
    status: "FINISHED",
    tags,
    params,
    metrics,
    datasets: [],
    artifacts: [{ path: "tree.txt", sizeBytes: 4, sha256: "dc9c5edb8b2d479e697b4b0b8ab874f32b325138598ce9e7b759eb8292110622" }],
    models: [],
    undelivered: {},
    pachyderm: {
      project: "default",
      pipeline: "train",
      version: 2,
      image: "spark:1",
      job: JOB,
      outputCommit: JOB,
      datum: DATUM,
      inputs: [{ name: "rows", project: "default", repo: "rows", commit: INPUT, path: "/" }],
    },
    ...otherwise,
  };
  return JSON.stringify({ ...card, digest: cardDigest(card) });
}

/** The servers that these ends are. */
export function sourcesOf(ends: BothEnds): VerifySources {
  const none = new StemmaError("FAILED", "not asked in these tests");
  return {
    pachyderm: {
      ...absentSource(none),
      inspectCommit: async ({ repo, at }) => there(ends.commits.get(`${repo.name}@${at}`)),
      inspectJob: async ({ pipeline, id }) => there(ends.jobs.get(`${pipeline.name}@${id}`)),
      inspectDatum: async (of, id) => {
        there(ends.datums.has(id) ? id : undefined);
        return { job: of, id, state: "SUCCESS", files: [], stats: NO_STATS };
      },
      inspectFile: async ({ repo, at }, path) => fileInfo(repo, at, path, there(ends.files.get(`${repo.name}@${at}:${path}`))),
      walkFiles: async function* ({ repo, at }) {
        for (const [key, text] of ends.files)
          if (key.startsWith(`${repo.name}@${at}:`)) yield await fileInfo(repo, at, key.slice(key.indexOf(":") + 1), text);
      },
      readFile: async function* ({ repo, at }, path) {
        yield Buffer.from(there(ends.files.get(`${repo.name}@${at}:${path}`)));
      },
      checkStore: async function* () {},
    },
    mlflow: {
      ...absentSource(none),
      findRun: async (id) => ends.runs.get(id),
      readArtifact: async ({ id }, path, take) => take(Buffer.from(there(ends.artifacts.get(`${id}:${path}`)))),
      searchModels: async function* () {
        yield* ends.models;
      },
      listRegisteredModels: async function* () {
        yield* ends.registered.values();
      },
      listVersionsOf: async function* (name) {
        for (const version of ends.versions) if (version.name === name) yield version;
      },
    },
  };
}

const NO_STATS = { downloadMs: 0, processMs: 0, uploadMs: 0, downloadBytes: 0, uploadBytes: 0 };

function commit(name: string, id: string): [string, CommitInfo] {
  const info: CommitInfo = {
    commit: { repo: repoName(name), id },
    origin: "AUTO",
    description: "",
    parent: undefined,
    started: TIME,
    finishing: TIME,
    finished: TIME,
    directProvenance: [],
    directSubvenance: [],
    error: "",
    sizeBytes: 1,
    metadata: {},
  };
  return [`${name}@${id}`, info];
}

function job(): JobInfo {
  return {
    job: { pipeline: { project: "default", name: "train" }, id: JOB },
    pipelineVersion: 2,
    outputCommit: { repo: repoName("train"), id: JOB },
    state: "JOB_SUCCESS",
    reason: "",
    created: TIME,
    started: TIME,
    finished: TIME,
    datums: { total: 1, processed: 1, skipped: 0, failed: 0, recovered: 0 },
    inputs: [{ name: "rows", repo: repoName("rows"), branch: "master", glob: "/", commit: INPUT }],
    image: "spark:1",
    stats: NO_STATS,
  };
}

async function fileInfo(repo: RepoName, at: string, path: string, text: string): Promise<FileInfo> {
  const hash = await blake2b(Buffer.from(await blake2b(text, 256), "hex"), 256);
  return { commit: { repo, id: at }, path, type: "FILE", sizeBytes: Buffer.byteLength(text), hash, datum: DATUM };
}

function repoName(name: string): RepoName {
  return { project: "default", name, type: "user" };
}

function there<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new StemmaError("NOT_FOUND", "there is no such thing");
  return value;
}
