import type { MlflowClient } from "../mlflow/client.ts";
import type { PachydermClient } from "../pachyderm/client.ts";

/** What lineage asks of Pachyderm. */
export type PachydermSource = Pick<
  PachydermClient,
  | "version"
  | "listRepos"
  | "inspectRepo"
  | "inspectCommit"
  | "listCommits"
  | "inspectCommitSet"
  | "inspectFile"
  | "walkFiles"
  | "globFiles"
  | "readFile"
  | "inspectPipeline"
  | "inspectJob"
  | "listJobs"
  | "listDatums"
  | "inspectDatum"
>;

/** What lineage asks of MLflow. */
export type MlflowSource = Pick<MlflowClient, "findRun" | "searchRuns" | "listExperiments" | "runLink">;

export interface Sources {
  readonly pachyderm: PachydermSource;
  readonly mlflow: MlflowSource;
}

/** Stands for a Pachyderm that could not be connected to: every question rejects with the reason. */
export function absentPachyderm(reason: Error): PachydermSource {
  const ask = refusal(reason);
  return {
    version: ask,
    listRepos: ask,
    inspectRepo: ask,
    inspectCommit: ask,
    listCommits: ask,
    inspectCommitSet: ask,
    inspectFile: ask,
    walkFiles: ask,
    globFiles: ask,
    readFile: ask,
    inspectPipeline: ask,
    inspectJob: ask,
    listJobs: ask,
    listDatums: ask,
    inspectDatum: ask,
  };
}

/** Stands for an MLflow that could not be connected to. */
export function absentMlflow(reason: Error): MlflowSource {
  const ask = refusal(reason);
  return { findRun: ask, searchRuns: ask, listExperiments: ask, runLink: ask };
}

function refusal(reason: Error): () => never {
  return () => {
    throw reason;
  };
}
