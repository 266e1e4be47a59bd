import type { MlflowClient } from "../mlflow/client.ts";
import type { PachydermClient } from "../pachyderm/client.ts";

/** What reproducing asks of Pachyderm, and has it do. */
export type ReproducePachyderm = Pick<
  PachydermClient,
  | "inspectCommit"
  | "inspectJob"
  | "listJobs"
  | "listDatums"
  | "listPipelines"
  | "inspectPipeline"
  | "createPipeline"
  | "deletePipeline"
  | "createBranch"
  | "deleteBranch"
  | "walkFiles"
  | "readFile"
  | "logs"
>;

type ReproduceMlflow = Pick<MlflowClient, "inspectRun">;

/** The code that a run says it ran, and what lies in a folder now. */
export interface CodeState {
  /** Undefined where there is no checkout. */
  readonly git: { readonly commit: string; readonly dirty: boolean } | undefined;
  /** Undefined where there is no such file. */
  readonly scriptSha256: string | undefined;
}

export interface ReproducePorts {
  readonly pachyderm: ReproducePachyderm;
  readonly mlflow: ReproduceMlflow;
  /** Looks at the code in the folder in which it will run, if that is known. */
  readonly readCode: (script: string | undefined) => Promise<CodeState>;
  /** Told what is going on. */
  readonly say: (text: string) => void;
  readonly newId: () => string;
  readonly signal: AbortSignal;
}

export interface ReproduceOptions {
  /** How far two values of a metric may be apart, relative to the larger of them and one. */
  readonly tolerance: number;
  /** Where the code is, for jobs that run on this machine. Undefined: where the pipeline has it. */
  readonly folder: string | undefined;
  /** Goes on although the code is not the run's. */
  readonly allowOtherCode: boolean;
}
