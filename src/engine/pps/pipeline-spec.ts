import type { SecretMount__Output as SecretMount } from "../../pachyderm/generated/pps_v2/SecretMount.ts";
import type { Trigger__Output as Trigger } from "../../pachyderm/generated/pfs_v2/Trigger.ts";

export interface PipelineKey {
  readonly project: string;
  readonly name: string;
}

/** Where a pipeline's datums come from: files of branches, and ways to put them together. */
export type SpecInput = PfsInput | CompositeInput;

export interface CompositeInput {
  readonly kind: "cross" | "union" | "join" | "group";
  /** Sorted by their names, which the files of a datum, and so its id, depend on. */
  readonly inputs: readonly SpecInput[];
}

/** One datum for each match of the glob in the head of a branch; a match may be a directory. */
export interface PfsInput {
  readonly kind: "pfs";
  readonly name: string;
  readonly project: string;
  readonly repo: string;
  readonly repoType: string;
  readonly branch: string;
  readonly glob: string;
  /** In a join or group: what files have in common that belong together, with `$1` for what the glob's first group matched. */
  readonly joinOn: string;
  readonly groupBy: string;
  /** Whether a join keeps this input's files too that match none of another input. */
  readonly outerJoin: boolean;
  /** Files are named pipes, read when the program opens them. */
  readonly lazy: boolean;
  /** Files have their names and no content. */
  readonly emptyFiles: boolean;
  /** What moves the branch; without one it is the user who does. */
  readonly trigger?: Trigger | undefined;
  /** New commits of this input start no jobs; the next job reads them. */
  readonly neverPropagates: boolean;
  /** Changes of this input's files make no datum run again. */
  readonly isReference: boolean;
  /** Of a cron input, which is a pfs input on a repo that the engine itself writes to. */
  readonly cron?: CronSchedule | undefined;
}

interface CronSchedule {
  /** Five fields, `@every 10s`, `@daily` … or `@never`. */
  readonly spec: string;
  /** A tick takes the place of those before it. */
  readonly overwrite: boolean;
  /** The time from which ticks are due, in milliseconds since 1970; without one it is when the pipeline was made. */
  readonly start: number | undefined;
}

export interface Program {
  readonly command: readonly string[];
  readonly stdin: readonly string[];
}

/** How many datums a worker takes at once, whose results are then kept together. At most one of them is set; 0 is not set. */
export interface DatumSet {
  readonly number: number;
  readonly sizeBytes: number;
  /** So many sets for each worker. */
  readonly perWorker: number;
}

/** What the engine needs of a pipeline's spec, with defaults filled in. */
export interface PipelineSpec {
  readonly pipeline: PipelineKey;
  /** Without a command the pipeline is accepted, and cannot run. */
  readonly program: Program;
  /** Runs when a datum has failed for good; if it succeeds the datum is recovered. Empty command: none. */
  readonly onError: Program;
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets: readonly SecretMount[];
  readonly workingDirectory: string;
  /** A name or number of this machine's, or empty for the engine's own user. */
  readonly user: string;
  /** The program starts once, and asks for one datum after the other. */
  readonly datumBatching: boolean;
  readonly acceptedCodes: readonly number[];
  /** Nothing: the pipeline has one job, without datums. */
  readonly input: SpecInput | undefined;
  readonly outputBranch: string;
  readonly parallelism: number;
  readonly datumTries: number;
  readonly datumTimeoutMs: number | undefined;
  readonly jobTimeoutMs: number | undefined;
  readonly datumSet: DatumSet;
  /** Where the output of each job that succeeds is written to as well; empty for nowhere. */
  readonly egressUrl: string;
  /** Runs every datum in every job, and skips none. */
  readonly everyJob: boolean;
}

/** The inputs that read files, in the order of the spec with the children of each composition sorted by name. */
export function inputLeaves(input: SpecInput | undefined): PfsInput[] {
  if (input === undefined) return [];
  return input.kind === "pfs" ? [input] : input.inputs.flatMap((child) => inputLeaves(child));
}
