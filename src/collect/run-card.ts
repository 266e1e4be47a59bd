import type { RunNode } from "../lineage/graph.ts";

/** Larger than any card: parameters and artifacts are listed in it. */
export const MAX_CARD_BYTES = 4 * 1024 * 1024;

export interface RunCard {
  readonly run: RunNode;
  /** The id of the job that it ran in. */
  readonly job: string | undefined;
}

/** What a run card says of its run, or undefined for text that is no run card. */
export function parseRunCard(text: string): RunCard | undefined {
  const card = parseObject(text);
  if (card === undefined || !stringAt(card, "schema")?.startsWith("stemma/run-card/")) return undefined;
  const id = stringAt(card, "runId");
  if (id === undefined) return undefined;
  const run: RunNode = {
    kind: "run",
    id,
    name: stringAt(card, "runName"),
    experiment: stringAt(card, "experimentId"),
    state: stringAt(card, "status")?.toLowerCase(),
    time: timeAt(card, "endTime") ?? timeAt(card, "startTime"),
    began: timeAt(card, "startTime"),
    params: entriesOf(card["params"], (value) => typeof value === "string"),
    metrics: entriesOf(card["metrics"], (value) => typeof value === "number"),
    tags: entriesOf(card["tags"], (value) => typeof value === "string"),
  };
  return { run, job: isRecord(card["pachyderm"]) ? stringAt(card["pachyderm"], "job") : undefined };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function stringAt(record: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = record[key];
  return typeof value === "string" ? value : undefined;
}

function timeAt(record: Readonly<Record<string, unknown>>, key: string): Date | undefined {
  const time = new Date(stringAt(record, key) ?? "");
  return Number.isNaN(time.getTime()) ? undefined : time;
}

function entriesOf<Value>(value: unknown, isValue: (each: unknown) => each is Value): Readonly<Record<string, Value>> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, Value] => isValue(entry[1])));
}
