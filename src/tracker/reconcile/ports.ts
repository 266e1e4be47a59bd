import type { MlflowClient } from "../../mlflow/client.ts";
import type { PachydermClient } from "../../pachyderm/client.ts";

/** Where runs are kept. MlflowClient is one. */
export type RunStore = Pick<MlflowClient, "listExperiments" | "searchRuns" | "findRun" | "updateRun" | "logBatch" | "restoreRun">;

/** Where commits and jobs are kept. PachydermClient is one. */
export type CommitStore = Pick<
  PachydermClient,
  "listPipelines" | "listCommits" | "inspectCommit" | "inspectJob" | "globFiles" | "readFile"
>;

/** The processes of this machine. */
export interface ProcessTable {
  readonly host: string;
  /** Undefined when there is no such process. Its start is told as `stemma.pid_started` tells it, where the system does. */
  findProcess(pid: number): { readonly started: string | undefined } | undefined;
}

export interface ReconcilePorts {
  readonly runs: RunStore;
  readonly commits: CommitStore;
  readonly processes: ProcessTable;
  readonly now: () => Date;
  /** Told what is being looked at. */
  readonly progress: (text: string) => void;
}

export interface ReconcileOptions {
  readonly fix: boolean;
  /** Names of the experiments whose runs are looked at; all when empty. */
  readonly experiments: readonly string[];
  /** A run that gave no sign for so long has no tracker any more, where nothing else tells. */
  readonly staleAfterMs: number;
  readonly signal: AbortSignal;
}
