import { formatUrn } from "../lineage/urn.ts";
import { VALUE_LIMITS, cutText } from "../mlflow/batches.ts";
import type { DatasetInput, Run } from "../mlflow/types.ts";
import { fromCardNumber } from "../tracker/card/numbers.ts";
import type { RunCard } from "../tracker/card/run-card.ts";
import { RUN_TAGS } from "../tracker/delivery/run-tags.ts";
import { type Finding, type FindingKind, finding } from "./finding.ts";

/** Tags that people change as a matter of course, in MLflow's own pages. */
const PEOPLES_OWN: ReadonlySet<string> = new Set(["mlflow.runName", "mlflow.note.content"]);
/** MLflow has no words for an infinite metric, and keeps this one for it. */
const LARGEST = Number.MAX_VALUE;
const NOTHING = "nothing";

/** What MLflow has otherwise than the run's card. The card's digest is right. */
export function compareRun(card: RunCard, run: Run): readonly Finding[] {
  const waits = run.tags[RUN_TAGS.replayed] === undefined && Object.values(card.undelivered).some((count) => count > 0);
  const compared = [
    ...compare("param-changed", run, cutValues(card.params), run.params, String),
    ...compare("metric-changed", run, toNumbers(card.metrics), run.metrics, String, isSameNumber),
    ...compare("tag-edited", run, withoutPeoplesOwn(card.tags), run.tags, String),
    ...compareDatasets(card, run),
  ];
  // What MLflow was never told is no change; stemma reconcile speaks of it.
  const real = waits ? compared.filter(({ found }) => found !== NOTHING) : compared;
  return [...real, ...(waits ? [] : compareStatus(card, run))];
}

function compare<Value>(
  kind: FindingKind,
  run: Run,
  expected: Readonly<Record<string, Value>>,
  found: Readonly<Record<string, Value>>,
  show: (value: Value) => string,
  isSame: (a: Value, b: Value) => boolean = Object.is,
): Finding[] {
  return Object.entries(expected).flatMap(([what, value]) => {
    const now = found[what];
    if (now !== undefined && isSame(value, now)) return [];
    return finding(kind, formatUrn({ kind: "run", id: run.id }), {
      what,
      expected: show(value),
      found: now === undefined ? NOTHING : show(now),
    });
  });
}

function compareDatasets(card: RunCard, run: Run): Finding[] {
  const [expected, found] = [card, run].map(({ datasets }) => Object.fromEntries(datasets.map(datasetEntry)));
  return compare("dataset-changed", run, expected ?? {}, found ?? {}, String);
}

function datasetEntry({ name, digest }: DatasetInput): [string, string] {
  return [`dataset ${name}@${digest}`, "read"];
}

function compareStatus(card: RunCard, run: Run): Finding[] {
  return compare<string>("status-changed", run, { status: card.status }, { status: run.status }, String);
}

/** As MLflow keeps them. */
function cutValues(params: RunCard["params"]): Record<string, string> {
  return Object.fromEntries(Object.entries(params).map(([key, value]) => [key, cutText(value, VALUE_LIMITS.params)]));
}

function toNumbers(metrics: RunCard["metrics"]): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).map(([key, value]) => [key, fromCardNumber(value)]));
}

function isSameNumber(a: number, b: number): boolean {
  return Object.is(a, b) || a === b || (Math.abs(a) === Infinity && b === Math.sign(a) * LARGEST);
}

function withoutPeoplesOwn(tags: RunCard["tags"]): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !PEOPLES_OWN.has(key)));
}
