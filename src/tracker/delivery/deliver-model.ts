import { StemmaError } from "../../lineage/errors.ts";
import { quoteFilterValue } from "../../mlflow/filter.ts";
import type { LoggedModel, Run } from "../../mlflow/types.ts";
import type { RunKeeper } from "../ports.ts";
import type { Item, StoredFile } from "./items.ts";

const DIGEST_TAG = "stemma.digest";

type ModelItem = Item & { readonly kind: "model" };

/**
 * Makes a folder with an MLmodel file a logged model of its run, once: a model of the same content is found again by its
 * digest. A server that knows no logged models gets plain artifacts.
 */
export async function deliverModel(runs: RunKeeper, run: Run, item: ModelItem, onSign: () => void): Promise<void> {
  try {
    const model = (await findModel(runs, run, item)) ?? (await createModel(runs, run, item));
    if (model.status !== "READY") {
      for (const file of item.files) await runs.putModelFile(model, file.path, { file: file.at, onBytes: onSign });
      await runs.finishModel(model.id, "READY");
    }
    await runs.logOutputs(run.id, [model.id]);
  } catch (error) {
    if (!(error instanceof StemmaError) || error.code !== "UNSUPPORTED") throw error;
    for (const file of item.files) await putPlain(runs, run, item, file, onSign);
  }
}

async function putPlain(runs: RunKeeper, run: Run, { name }: ModelItem, file: StoredFile, onSign: () => void): Promise<void> {
  await runs.putArtifact(run, `${name}/${file.path}`, { file: file.at, onBytes: onSign });
}

/** Of several, made by a call whose answer was lost, the first by id counts; the others go. */
async function findModel(runs: RunKeeper, run: Run, { name, digest }: ModelItem): Promise<LoggedModel | undefined> {
  const found: LoggedModel[] = [];
  const filter = `source_run_id = ${quoteFilterValue(run.id)}`;
  for await (const model of runs.searchModels({ experimentIds: [run.experimentId], filter })) {
    if (model.name === name && model.tags[DIGEST_TAG] === digest) found.push(model);
  }
  const [model, ...doubles] = found.sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const double of doubles) await runs.deleteModel(double.id);
  return model;
}

async function createModel(runs: RunKeeper, run: Run, item: ModelItem): Promise<LoggedModel> {
  const { name, digest } = item;
  const tags = { [DIGEST_TAG]: digest };
  try {
    await runs.createModel({ experimentId: run.experimentId, name, sourceRunId: run.id, tags });
  } catch (error) {
    if (!(error instanceof StemmaError) || (error.code !== "UNREACHABLE" && error.code !== "FAILED")) throw error;
    // Its answer may have been lost after the model was made.
    const made = await findModel(runs, run, item);
    if (made === undefined) throw error;
    return made;
  }
  // Looked up again: what stands between may have sent the call twice.
  const made = await findModel(runs, run, item);
  if (made === undefined)
    throw new StemmaError("FAILED", `MLflow at ${runs.uri} does not find the model "${name}" that it made.`);
  return made;
}
