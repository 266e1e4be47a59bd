/** Pachyderm's objects in our own words. The wire's shapes stop at client.ts. */

export interface RepoName {
  readonly project: string;
  readonly name: string;
  readonly type: "user" | "meta" | "spec";
}

export interface BranchName {
  readonly repo: RepoName;
  readonly name: string;
}

/** A commit, exactly. `id` has 32 hexadecimal digits. */
export interface CommitName {
  readonly repo: RepoName;
  readonly id: string;
}

/**
 * A commit as asked for: `at` is an id, a branch, or either with ancestry (`master^2`), as `Commit.id` takes it.
 */
export interface CommitQuery {
  readonly repo: RepoName;
  readonly at: string;
}

export interface CommitInfo {
  readonly commit: CommitName;
  readonly origin: "USER" | "AUTO" | "FSCK";
  readonly description: string;
  readonly parent: string | undefined;
  readonly started: Date;
  readonly finishing: Date | undefined;
  readonly finished: Date | undefined;
  readonly directProvenance: readonly CommitName[];
  /** Empty on servers before 2.10, which do not send it. */
  readonly directSubvenance: readonly CommitName[];
  readonly error: string;
  /** Known once the commit is finished. */
  readonly sizeBytes: number | undefined;
  /** Notes by key; none on servers before 2.10. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface RepoInfo {
  readonly repo: RepoName;
  readonly description: string;
  readonly created: Date;
  readonly sizeBytes: number;
  readonly branches: readonly string[];
}

export interface BranchInfo {
  readonly branch: BranchName;
  readonly head: CommitName | undefined;
  readonly directProvenance: readonly BranchName[];
}

export interface FileInfo {
  readonly commit: CommitName;
  /** Absolute; a directory's ends in a slash. */
  readonly path: string;
  readonly type: "FILE" | "DIR";
  readonly sizeBytes: number;
  /** Pachyderm's content hash, hexadecimal. */
  readonly hash: string;
  /** The datum that wrote it; "default" or "" for files put by a user. */
  readonly datum: string;
}

/** A file or directory in two commits; undefined in the one where it is not. */
export interface FileDifference {
  readonly older: FileInfo | undefined;
  readonly newer: FileInfo | undefined;
}

export interface PipelineName {
  readonly project: string;
  readonly name: string;
}

/** A pfs input of a pipeline, flattened out of crosses, joins, groups and unions. */
export interface PfsInput {
  readonly name: string;
  readonly repo: RepoName;
  readonly branch: string;
  readonly glob: string;
  /** In a job's info: the id of the job's commit set, see `inspectCommit` for how it resolves. */
  readonly commit: string;
}

export interface PipelineInfo {
  readonly pipeline: PipelineName;
  readonly version: number;
  readonly specCommit: CommitName;
  readonly state: string;
  readonly reason: string;
  readonly stopped: boolean;
  readonly lastJobState: string;
  readonly outputBranch: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly inputs: readonly PfsInput[];
  readonly description: string;
  /** When this version was made; on servers before 2.11, when the pipeline was. */
  readonly created: Date;
  readonly userSpecJson: string;
  readonly effectiveSpecJson: string;
}

export interface JobName {
  readonly pipeline: PipelineName;
  readonly id: string;
}

export const TERMINAL_JOB_STATES = ["JOB_SUCCESS", "JOB_FAILURE", "JOB_KILLED", "JOB_UNRUNNABLE"] as const;

export interface JobInfo {
  readonly job: JobName;
  readonly pipelineVersion: number;
  readonly outputCommit: CommitName;
  /** Pachyderm's JobState by name: JOB_CREATED … JOB_UNRUNNABLE. */
  readonly state: string;
  readonly reason: string;
  readonly created: Date;
  readonly started: Date | undefined;
  readonly finished: Date | undefined;
  readonly datums: {
    readonly total: number;
    readonly processed: number;
    readonly skipped: number;
    readonly failed: number;
    readonly recovered: number;
  };
  /** Empty when the job was asked for without details, as is the image. */
  readonly inputs: readonly PfsInput[];
  readonly image: string;
  readonly stats: ProcessStats;
}

/** What was spent on a datum, or on all of a job's datums together. */
export interface ProcessStats {
  readonly downloadMs: number;
  readonly processMs: number;
  readonly uploadMs: number;
  readonly downloadBytes: number;
  readonly uploadBytes: number;
}

export interface DatumInfo {
  readonly job: JobName;
  readonly id: string;
  /** SUCCESS, SKIPPED, FAILED, RECOVERED, STARTING or UNKNOWN. */
  readonly state: string;
  /** The files that it read. A directory stands for all below it. */
  readonly files: readonly FileInfo[];
  readonly stats: ProcessStats;
}

export interface LogLine {
  readonly pipeline: PipelineName;
  readonly jobId: string;
  readonly datumId: string;
  /** True for a line of the user's own code. */
  readonly user: boolean;
  readonly time: Date | undefined;
  readonly message: string;
}

/** One change of a put: a file's bytes (replacing or appending), or a deletion. */
export type FileChange =
  | {
      readonly kind: "put";
      readonly path: string;
      readonly content: AsyncIterable<Uint8Array> | Uint8Array;
      readonly append?: boolean;
    }
  | { readonly kind: "delete"; readonly path: string };
