import type { MlflowClient } from "../mlflow/client.ts";
import type { PachydermClient } from "../pachyderm/client.ts";

/** What lineage asks of Pachyderm. */
export type PachydermSource = Pick<
  PachydermClient,
  | "listRepos"
  | "inspectCommit"
  | "listCommits"
  | "subscribeCommits"
  | "listBranches"
  | "inspectFile"
  | "walkFiles"
  | "globFiles"
  | "readFile"
  | "listPipelines"
  | "inspectJob"
  | "listJobs"
  | "listDatums"
>;

/** What lineage asks of MLflow. */
export type MlflowSource = Pick<
  MlflowClient,
  | "findRun"
  | "searchRuns"
  | "compareRunCount"
  | "listExperiments"
  | "runLink"
  | "searchModels"
  | "modelLink"
  | "listRegisteredModels"
  | "listVersionsOf"
>;

export interface Sources {
  readonly pachyderm: PachydermSource;
  readonly mlflow: MlflowSource;
}

/** Stands for a Pachyderm that could not be connected to: every question rejects with the reason. */
export function absentPachyderm(reason: Error): PachydermSource {
  const ask = refusal(reason);
  return {
    listRepos: ask,
    inspectCommit: ask,
    listCommits: ask,
    subscribeCommits: ask,
    listBranches: ask,
    inspectFile: ask,
    walkFiles: ask,
    globFiles: ask,
    readFile: ask,
    listPipelines: ask,
    inspectJob: ask,
    listJobs: ask,
    listDatums: ask,
  };
}

/** Stands for an MLflow that could not be connected to. */
export function absentMlflow(reason: Error): MlflowSource {
  const ask = refusal(reason);
  return {
    findRun: ask,
    searchRuns: ask,
    compareRunCount: ask,
    listExperiments: ask,
    runLink: ask,
    searchModels: ask,
    modelLink: ask,
    listRegisteredModels: ask,
    listVersionsOf: ask,
  };
}

function refusal(reason: Error): () => never {
  return () => {
    throw reason;
  };
}
