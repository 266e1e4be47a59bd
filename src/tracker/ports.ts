import type { MlflowClient } from "../mlflow/client.ts";
import type { PachydermClient } from "../pachyderm/client.ts";

/** Where runs are kept. Rejects with UNREACHABLE when it is not there. */
export type RunKeeper = Pick<
  MlflowClient,
  | "uri"
  | "doubts"
  | "experimentId"
  | "createRun"
  | "inspectRun"
  | "updateRun"
  | "logBatch"
  | "logInputs"
  | "logOutputs"
  | "searchRuns"
  | "putArtifact"
  | "createModel"
  | "searchModels"
  | "putModelFile"
  | "finishModel"
  | "deleteModel"
  | "runLink"
>;

/** What tells more of a job's inputs than its environment does. */
export type JobSource = Pick<PachydermClient, "inspectJob" | "inspectPipeline" | "inspectFile" | "walkFiles" | "close">;

export type Environment = Readonly<Record<string, string | undefined>>;

/** The world around one tracked command. */
export interface TrackPorts {
  readonly runs: RunKeeper;
  /** Connects to the Pachyderm that runs this job. */
  readonly connectJobSource: (address: string | undefined) => Promise<JobSource>;
  /** A line for the person who looks on. */
  readonly say: (line: string) => void;
  readonly now: () => Date;
  /** A text that nobody else has. */
  readonly newKey: () => string;
}
