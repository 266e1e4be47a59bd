import type { DatasetInput, Run, RunBatch, RunStatus } from "../mlflow/types.ts";
import type { CommitQuery, FileInfo, JobInfo, JobName } from "../pachyderm/types.ts";
import type { ChildEnd } from "./capture/child.ts";

/** Where runs are kept. MlflowClient is one. Rejects with UNREACHABLE when it is not there. */
export interface RunKeeper {
  /** Fit to be shown and written down. */
  readonly uri: string;
  /** The id of the experiment of that name, made if need be. */
  experimentId(name: string): Promise<string>;
  createRun(options: {
    experimentId: string;
    name: string;
    startTime: Date;
    tags: Readonly<Record<string, string>>;
  }): Promise<Run>;
  inspectRun(id: string): Promise<Run>;
  updateRun(id: string, change: { status: RunStatus; endTime?: Date }): Promise<void>;
  /** Can be repeated: what is there already stays as it is. */
  logBatch(id: string, batch: RunBatch): Promise<void>;
  logInputs(id: string, datasets: readonly DatasetInput[]): Promise<void>;
  searchRuns(options: { experimentIds: readonly string[]; filter: string }): AsyncIterable<Run>;
  putArtifact(run: Run, path: string, content: { file: string }): Promise<void>;
  runLink(run: Run): string;
}

/** What tells more of a job's inputs than its environment does. PachydermClient is one. */
export interface JobSource {
  inspectJob(job: JobName): Promise<JobInfo>;
  inspectFile(query: CommitQuery, path: string): Promise<FileInfo>;
  close(): void;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The world around one tracked command. */
export interface TrackPorts {
  readonly runs: RunKeeper;
  /** Connects to the Pachyderm that runs this job. */
  readonly connectJobSource: (address: string | undefined) => Promise<JobSource>;
  readonly runChild: (command: readonly string[], options: { cwd: string; env: Environment }) => Promise<ChildEnd>;
  /** A line for the person who looks on. */
  readonly say: (line: string) => void;
  readonly now: () => Date;
  /** A text that nobody else has. */
  readonly newKey: () => string;
}
