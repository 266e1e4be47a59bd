import type { IndexWriter } from "../../lineage/store/index-writer.ts";
import type { LineageIndex } from "../../lineage/store/lineage-index.ts";
import type { RegisteredModel } from "../../mlflow/types.ts";
import type { SyncOptions } from "../sync-options.ts";
import type { MlflowSource } from "../ports.ts";
import { listAll } from "../remote.ts";
import type { ModelReading } from "./model-writer.ts";
import { forgetModel, writeModel } from "./model-writer.ts";

/** When each name was changed last, as it was when its versions were read. */
const MODELS = "mlflow:registered-models";

/**
 * Reads the registry: all names with their aliases each time, for an alias moves without a trace, and the versions of the names
 * that changed since the last time. Gives the number of versions read.
 */
export async function syncRegistry(index: LineageIndex, source: MlflowSource, options: SyncOptions): Promise<number> {
  const before = changesRead(index);
  const readings: ModelReading[] = [];
  for await (const model of source.listRegisteredModels()) readings.push(await readModel(source, model, before, options));
  const seen = options.now?.() ?? new Date();
  index.write((writer) => {
    for (const reading of readings) writeModel(index, writer, reading, seen);
    forgetOthers(index, writer, readings, seen);
    const now = readings.map(({ model }) => [model.name, model.updated.getTime()]);
    writer.setCursor(MODELS, JSON.stringify(Object.fromEntries(now)));
  });
  return readings.reduce((sum, { versions, isWhole }) => sum + (isWhole ? versions.length : 0), 0);
}

async function readModel(
  source: MlflowSource,
  model: RegisteredModel,
  before: ReadonlyMap<string, number>,
  { full, signal }: SyncOptions,
): Promise<ModelReading> {
  signal?.throwIfAborted();
  if (full !== true && before.get(model.name) === model.updated.getTime())
    return { model, versions: model.latest, isWhole: false };
  return { model, versions: await listAll(source.listVersionsOf(model.name)), isWhole: true };
}

function changesRead(index: LineageIndex): ReadonlyMap<string, number> {
  return new Map(Object.entries(JSON.parse(index.cursor(MODELS) ?? "{}") as Record<string, number>));
}

/** Names that the registry has no more: deleted, or renamed. */
function forgetOthers(index: LineageIndex, writer: IndexWriter, readings: readonly ModelReading[], seen: Date): void {
  const listed = new Set(readings.map(({ model }) => model.name));
  for (const name of changesRead(index).keys()) if (!listed.has(name)) forgetModel(index, writer, name, seen);
}
