import { StemmaError } from "../../lineage/errors.ts";
import { encodeFacts } from "../../lineage/store/facts.ts";
import type { IndexWriter } from "../../lineage/store/index-writer.ts";
import type { LineageIndex } from "../../lineage/store/lineage-index.ts";
import { formatUrn } from "../../lineage/urn.ts";
import type { LoggedModel } from "../../mlflow/types.ts";
import { inBatches } from "../at-once.ts";
import type { MlflowSource } from "../ports.ts";
import type { SyncOptions } from "../sync-options.ts";
import { loggedModelStatement } from "./logged-model-statement.ts";

const SINCE = "mlflow:models-since";
/** When the oldest model was made, in milliseconds: where the cursor is not set, there are none. */
export const FIRST_MODEL = "mlflow:first-model";
/** The server's own clock says when a model was changed; a change that is made just now may come in a little later. */
const OVERLAP_MS = 60_000;
const AT_ONCE = 500;

/** Reads the logged models that were made, or finished, since the last time. An MLflow 2 has none. Gives how many had changed. */
export async function syncLoggedModels(
  index: LineageIndex,
  source: MlflowSource,
  experimentIds: readonly string[],
  options: SyncOptions,
): Promise<number> {
  if (experimentIds.length === 0) return 0;
  const since = options.full === true ? undefined : index.cursor(SINCE);
  const filter = since === undefined ? "" : `last_updated_timestamp >= ${Number(since) - OVERLAP_MS}`;
  const read = new Set<string>();
  let changed = 0;
  try {
    for await (const models of inBatches(source.searchModels({ experimentIds, filter }), AT_ONCE)) {
      options.signal?.throwIfAborted();
      changed += index.write((writer) => writeModels(index, writer, models, source));
      for (const { id } of models) read.add(id);
    }
  } catch (error) {
    if (error instanceof StemmaError && error.code === "UNSUPPORTED") return 0;
    throw error;
  }
  if (options.full === true) markOthersGone(index, read, options.now?.() ?? new Date());
  return changed;
}

function writeModels(
  index: LineageIndex,
  writer: IndexWriter,
  models: readonly LoggedModel[],
  source: Pick<MlflowSource, "modelLink">,
): number {
  const statements = models.map((model) => loggedModelStatement(model, source.modelLink(model)));
  const news = statements.filter(({ node }) => {
    const known = index.record(formatUrn(node));
    return known?.rank !== "source" || known.gone !== undefined || encodeFacts(known.node) !== encodeFacts(node);
  });
  for (const statement of news) writer.say(statement);
  const newest = Math.max(Number(index.cursor(SINCE) ?? 0), ...models.map(({ updated }) => updated.getTime()));
  writer.setCursor(SINCE, String(newest));
  const oldest = Math.min(Number(index.cursor(FIRST_MODEL) ?? Infinity), ...models.map(({ created }) => created.getTime()));
  writer.setCursor(FIRST_MODEL, String(oldest));
  return news.length;
}

/** A deleted model is listed no more. */
function markOthersGone(index: LineageIndex, there: ReadonlySet<string>, seen: Date): void {
  const known = [...index.records(["logged-model"])].filter(({ rank }) => rank === "source").map(({ node }) => node);
  index.write((writer) => {
    for (const node of known) if (node.kind === "logged-model" && !there.has(node.id)) writer.markGone(formatUrn(node), seen);
  });
}
