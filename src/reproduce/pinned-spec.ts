import type { CommitName, PipelineName } from "../pachyderm/types.ts";
import { StemmaError } from "../lineage/errors.ts";

type Json = Readonly<Record<string, unknown>>;

export interface Pins {
  /** The pipeline that is made for this, and goes away again. */
  readonly pipeline: PipelineName;
  readonly description: string;
  /** The branch that stands for the commit which an input of this name is to have. */
  readonly branches: ReadonlyMap<string, PinnedBranch>;
  readonly folder: string | undefined;
}

export interface PinnedBranch {
  readonly name: string;
  readonly commit: CommitName;
}

/** Nobody listens there: what the stage tracks goes into the outbox of its output. */
const NO_MLFLOW = "http://127.0.0.1:9";
const TRACKING_URI = "MLFLOW_TRACKING_URI";
/** What sends output elsewhere, makes versions, or belongs to the first pipeline alone. */
const DROPPED = [
  "egress",
  "update",
  "reprocess",
  "salt",
  "specCommit",
  "dryRun",
  "outputBranch",
  "autoscaling",
  "details",
  "tfJob",
];
/** Stages that have no datums, or no output in a commit. */
const UNSUPPORTED = ["service", "spout", "s3Out", "determined"];
const COMPOSITIONS = ["cross", "join", "group", "union"];

/** Why a spec cannot be run again; undefined when it can. */
export function obstacleIn(spec: Json): string | undefined {
  const found = UNSUPPORTED.find((name) => either(spec, name));
  return found === undefined ? undefined : `its pipeline has "${found}", whose output is in no commit`;
}

/** A pipeline's spec as one of its own, on the very commits that a job of it read. It takes both spellings of fields, as pachd does. */
export function pinSpec(spec: Json, { pipeline, description, branches, folder }: Pins): Json {
  const dropped = new Set(DROPPED.flatMap((name) => [name, snake(name)]));
  const kept = Object.fromEntries(Object.entries(spec).filter(([name]) => !dropped.has(name)));
  return {
    ...kept,
    pipeline: { project: { name: pipeline.project }, name: pipeline.name },
    description,
    transform: pinTransform(object(spec["transform"]), folder),
    input: pinInput(object(spec["input"]), branches),
  };
}

function pinTransform(transform: Json, folder: string | undefined): Json {
  const secrets = list(transform["secrets"]).filter((secret) => either(secret, "envVar") !== TRACKING_URI);
  const { working_dir: _snake, workingDir: _camel, ...rest } = transform;
  return {
    ...(folder === undefined ? transform : { ...rest, workingDir: folder }),
    secrets,
    env: { ...object(transform["env"]), [TRACKING_URI]: NO_MLFLOW },
  };
}

function pinInput(input: Json, branches: Pins["branches"]): Json {
  const { pfs, cron } = input;
  if (pfs !== undefined) return { pfs: pinPfs(object(pfs), branches) };
  if (cron !== undefined) return { pfs: pinCron(object(cron), branches) };
  const compositions = COMPOSITIONS.filter((name) => input[name] !== undefined);
  return Object.fromEntries(compositions.map((name) => [name, list(input[name]).map((child) => pinInput(child, branches))]));
}

function pinPfs(pfs: Json, branches: Pins["branches"]): Json {
  const { trigger: _trigger, commit: _commit, ...rest } = pfs;
  const name = String(pfs["name"] || pfs["repo"]);
  return { ...rest, name, branch: branchOf(name, branches).name };
}

/** A cron input is a repo that ticks are put into: this one does not tick. */
function pinCron(cron: Json, branches: Pins["branches"]): Json {
  const name = String(cron["name"]);
  const { name: branch, commit } = branchOf(name, branches);
  return { project: commit.repo.project, repo: commit.repo.name, name, branch, glob: "/*" };
}

function branchOf(name: string, branches: Pins["branches"]): PinnedBranch {
  const branch = branches.get(name);
  if (branch === undefined) throw new StemmaError("FAILED", `the job says nothing of the input "${name}" of its pipeline`);
  return branch;
}

function either(json: Json, name: string): unknown {
  return json[name] ?? json[snake(name)];
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function object(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(object) : [];
}
