import type { Urn } from "../lineage/urn.ts";

/** What can be found not to hold, and what to do then. */
const REMEDIES = {
  "card-digest":
    "The card is not as it was written: do not rely on it; the run in MLflow and the job in Pachyderm are what is left.",
  "card-lies": "The card says what Pachyderm does not: find out who wrote this commit (stemma trace it), and go by Pachyderm.",
  "card-missing": "Nothing in Pachyderm bears this run out: stemma reconcile says whether its output was lost.",
  "param-changed": "The card in the commit cannot be changed, the run can: go by the card.",
  "metric-changed": "The card in the commit cannot be changed, the run can: go by the card.",
  "tag-edited": "Set the tag back to what is expected, in MLflow's page of the run or with its client.",
  "status-changed": "Somebody ended or reopened the run after its command: go by the card.",
  "dataset-changed": "The run names other data than the commit holds: go by the commit's hash.",
  "run-deleted": "Restore it while MLflow still has it: stemma reconcile --fix.",
  "run-missing": "MLflow has this run no more: the card in the commit is what is left of it (stemma show).",
  "job-gone": "It was deleted, or ran at another Pachyderm; the index and the run card tell what is left of it.",
  "datum-gone": "The job has no such datum: the run's tag pachyderm.datum is wrong, or the job was made anew.",
  "commit-gone": "It was squashed, dropped or deleted; put the same files again if they are needed, the id will be another.",
  "content-damaged": "stemma fsck names all that is damaged; putting the same files again repairs them.",
  "artifact-missing": "Somebody deleted it from the artifact store; replay an outbox or log the file again if you have it.",
  "artifact-changed": "The file is not the one that the run logged: its SHA-256 is on the card; restore it from a backup.",
  "alias-moved": "If that is right, note it with: stemma verify --all --accept",
  "alias-gone": "If that is right, note it with: stemma verify --all --accept",
  "version-run-gone":
    "Nothing says any more where this version comes from: restore the run (stemma reconcile --fix) or retire the version.",
  "version-model-gone": "The registered version has no model behind it: register it again, or retire it.",
} as const;

export type FindingKind = keyof typeof REMEDIES;
export const FINDING_KINDS = Object.keys(REMEDIES) as FindingKind[];

/** One thing that does not hold. */
export interface Finding {
  readonly kind: FindingKind;
  /** What it is about. */
  readonly at: Urn;
  /** Which part of that: a tag, a metric, a path. */
  readonly what?: string | undefined;
  readonly expected: string;
  readonly found: string;
  /** What to do, as a sentence. */
  readonly remedy: string;
}

export function finding(
  kind: FindingKind,
  at: Urn,
  { what, expected, found }: { readonly what?: string; readonly expected: string; readonly found: string },
): Finding {
  return { kind, at, ...(what === undefined ? {} : { what }), expected, found, remedy: REMEDIES[kind] };
}

/** Two of the same key say the same: a thing that is gone is missed by all that refer to it. */
export function findingKey({ kind, at, what = "" }: Finding): string {
  return `${kind} ${at} ${what}`;
}
