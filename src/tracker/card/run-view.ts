import type { Artifact, Run } from "../../mlflow/types.ts";
import { parseObject } from "../json.ts";
import { parseAttempts } from "../delivery/attempts.ts";
import { RUN_TAGS } from "../delivery/run-tags.ts";
import { toCardNumber } from "./numbers.ts";

/** What MLflow has of a run. */
export interface RunRecord {
  readonly run: Run;
  readonly trackingUri: string;
  readonly experimentName: string | undefined;
  readonly artifacts: readonly Artifact[];
  readonly children: readonly string[];
  /** What could not be asked, and why. */
  readonly gaps: readonly string[];
}

/** A run in the shape of a run card, as far as MLflow can tell. It is no card: it has no schema and no digest. */
export function viewOfRun({
  run,
  trackingUri,
  experimentName,
  artifacts,
  children,
  gaps,
}: RunRecord): Readonly<Record<string, unknown>> {
  const { tags } = run;
  return {
    runId: run.id,
    experimentId: run.experimentId,
    experimentName,
    runName: run.name,
    trackingUri,
    key: tags[RUN_TAGS.key],
    attempts: parseAttempts(tags[RUN_TAGS.attempts]),
    status: run.deleted ? `${run.status}, deleted` : run.status,
    startTime: run.startTime.toISOString(),
    endTime: run.endTime?.toISOString(),
    command: tags["mlflow.source.name"],
    pachyderm: pachydermOf(tags),
    code: codeOf(tags),
    tags,
    params: run.params,
    metrics: Object.fromEntries(Object.entries(run.metrics).map(([key, value]) => [key, toCardNumber(value)])),
    datasets: run.datasets,
    artifacts,
    children,
    gaps,
  };
}

function pachydermOf(tags: Run["tags"]): object | undefined {
  if (tags["pachyderm.job"] === undefined) return undefined;
  const version = tags["pachyderm.pipeline_version"];
  return {
    project: tags["pachyderm.project"],
    pipeline: tags["pachyderm.pipeline"],
    version: version === undefined ? undefined : Number(version),
    image: tags["pachyderm.image"],
    job: tags["pachyderm.job"],
    outputCommit: tags["pachyderm.commit"],
    datum: tags["pachyderm.datum"],
    inputs: parseObject(`{"list":${tags["pachyderm.inputs"] ?? "[]"}}`)?.["list"],
  };
}

function codeOf(tags: Run["tags"]): object {
  const commit = tags["mlflow.source.git.commit"];
  const branch = tags["mlflow.source.git.branch"];
  const remote = tags["mlflow.source.git.repoURL"];
  const script = { path: tags["stemma.script"], sha256: tags["stemma.script_sha256"] };
  return {
    git: commit === undefined ? undefined : { commit, branch, remote, dirty: tags["stemma.git_dirty"] === "true" },
    script: script.path === undefined ? undefined : script,
  };
}
