import type { MlflowClient } from "../mlflow/client.ts";
import type { PachydermClient } from "../pachyderm/client.ts";

/** What verifying asks of Pachyderm. */
type VerifyPachyderm = Pick<
  PachydermClient,
  "inspectCommit" | "inspectJob" | "inspectDatum" | "inspectFile" | "walkFiles" | "globFiles" | "readFile" | "checkStore"
>;

/** What verifying asks of MLflow. */
type VerifyMlflow = Pick<
  MlflowClient,
  "findRun" | "listArtifacts" | "readArtifact" | "searchModels" | "listRegisteredModels" | "listVersionsOf"
>;

/** Both ends. One that there is none of rejects every question. */
export interface VerifySources {
  readonly pachyderm: VerifyPachyderm;
  readonly mlflow: VerifyMlflow;
}
