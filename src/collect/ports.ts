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

/** Stands for a source that could not be connected to: every question fails with the reason. */
export function absentSource<Source extends object>(reason: Error): Source {
  return new Proxy<Source>(Object.create(null), {
    get: () => (): never => {
      throw reason;
    },
  });
}
