import { StemmaError } from "../errors.ts";
import type { LineageIndex } from "../store/lineage-index.ts";
import type { IndexWriter } from "../store/index-writer.ts";
import { formatUrn } from "../urn.ts";
import type { DatasetState } from "./dataset-state.ts";
import { addDataset, datasetRecord } from "./dataset-state.ts";
import type { SeenEvent } from "./read-event.ts";
import { readEvent } from "./read-event.ts";
import type { RunState } from "./run-state.ts";
import { addEvent } from "./run-state.ts";
import { deploymentsOf, runStatement } from "./run-statement.ts";
import { JsonTextError, splitJson } from "./split-json.ts";

/** What has been said of an imported run or data set lies under this and its URN, so that a later event can be added to it. */
const IMPORT_CURSOR = "import:openlineage:";

export interface ImportReport {
  readonly events: number;
  readonly runs: number;
  readonly datasets: number;
  /** Runs that MLflow or Pachyderm tell of themselves: their word stands. */
  readonly known: number;
}

/** Reads the events of a text. Throws USAGE with the file, the line and what is wrong. */
export function readEvents(file: string, text: string): readonly SeenEvent[] {
  const events: SeenEvent[] = [];
  let line = 1;
  try {
    for (const each of splitJson(text)) {
      ({ line } = each);
      events.push(readEvent(JSON.parse(each.text)));
    }
  } catch (error) {
    if (!(error instanceof StemmaError) && !(error instanceof SyntaxError) && !(error instanceof JsonTextError)) throw error;
    const at = error instanceof JsonTextError ? error.line : line;
    throw new StemmaError("USAGE", `${file}:${at}: ${error.message}`, { hint: "Nothing was imported.", cause: error });
  }
  return events;
}

/** Adds events to an index: all of them or none. Their order, and how often each comes, makes no difference. */
export function importEvents(index: LineageIndex, events: readonly SeenEvent[]): ImportReport {
  return index.write((writer) => {
    const { runs, datasets } = merged(index, events);
    for (const [urn, state] of [...runs, ...datasets]) writer.setCursor(`${IMPORT_CURSOR}${urn}`, JSON.stringify(state));
    const known = tellIndex(index, writer, [...runs.values()], [...datasets.values()]);
    return { events: events.length, runs: runs.size, datasets: datasets.size, known };
  });
}

/** What has been said of each run and data set that the events speak of, theirs and what came before. */
function merged(index: LineageIndex, events: readonly SeenEvent[]) {
  const runs = new Map<string, RunState>();
  const datasets = new Map<string, DatasetState>();
  for (const { time, run, datasets: seen } of events) {
    if (run !== undefined) {
      const urn = formatUrn(run.identity);
      runs.set(urn, addEvent(runs.get(urn) ?? stored<RunState>(index, urn), run, time));
    }
    for (const each of seen) {
      if (each.identity.kind !== "dataset") continue;
      const urn = formatUrn(each.identity);
      datasets.set(urn, addDataset(datasets.get(urn) ?? stored<DatasetState>(index, urn), each.identity, each, time));
    }
  }
  return { runs, datasets };
}

/** Carries what was imported into one index over to another, as when an index is made anew. */
export function copyImports(from: LineageIndex, to: LineageIndex): void {
  const cursors = from.all<{ name: string; value: string }>(
    "SELECT name, value FROM cursor WHERE name >= ?1 AND name < ?1 || char(1114111) ORDER BY name",
    IMPORT_CURSOR,
  );
  const states = cursors.map(({ value }) => JSON.parse(value) as RunState | DatasetState);
  to.write((writer) => {
    for (const { name, value } of cursors) writer.setCursor(name, value);
    tellIndex(
      to,
      writer,
      states.filter((state): state is RunState => "phase" in state),
      states.filter((state): state is DatasetState => !("phase" in state)),
    );
  });
}

/** How many of the runs were left as their own source tells of them. */
function tellIndex(
  index: LineageIndex,
  writer: IndexWriter,
  runs: readonly RunState[],
  datasets: readonly DatasetState[],
): number {
  for (const state of datasets) writer.tell(datasetRecord(state));
  let known = 0;
  for (const state of runs) {
    const statement = runStatement(state);
    if (index.record(formatUrn(statement.node))?.rank === "source") {
      known += 1;
      continue;
    }
    writer.say(statement);
    for (const deployment of deploymentsOf(state))
      if (state.identity.kind !== "deployment") writer.tell({ node: deployment, rank: "told" });
  }
  return known;
}

function stored<State>(index: LineageIndex, urn: string): State | undefined {
  const text = index.cursor(`${IMPORT_CURSOR}${urn}`);
  return text === undefined ? undefined : (JSON.parse(text) as State);
}
