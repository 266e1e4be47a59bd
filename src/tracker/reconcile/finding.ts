import type { RunStatus } from "../../mlflow/types.ts";
import type { TrackedRun } from "./tracked-run.ts";

/** What can be wrong between runs and commits. */
type FindingKind =
  | "stale-run"
  | "doubled-run"
  | "run-without-commit"
  | "run-without-card"
  | "commit-without-run"
  | "deleted-run"
  | "undelivered";

/** Something that is wrong, and what would put it right. */
export interface Finding {
  readonly kind: FindingKind;
  readonly run?: string | undefined;
  /** As people write it: `train@0f…`. */
  readonly commit?: string | undefined;
  readonly key?: string | undefined;
  readonly message: string;
  /** Absent where nothing can be done from here. */
  readonly remedy?: Remedy | undefined;
}

/** A change of a run. */
export type Remedy =
  | { readonly kind: "tag"; readonly seen: TrackedRun; readonly tags: Readonly<Record<string, string>> }
  | {
      readonly kind: "close";
      readonly seen: TrackedRun;
      readonly status: RunStatus;
      readonly endTime: Date;
      readonly tags: Readonly<Record<string, string>>;
    }
  | { readonly kind: "restore"; readonly run: string };
