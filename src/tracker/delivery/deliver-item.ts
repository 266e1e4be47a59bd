import type { Run } from "../../mlflow/types.ts";
import type { RunKeeper } from "../ports.ts";
import { deliverModel } from "./deliver-model.ts";
import { type Item, metricsOf } from "./items.ts";

/** Says one thing of a run. Saying it again changes nothing. `onSign` is called whenever something gets through. */
export async function deliverItem(runs: RunKeeper, run: Run, item: Item, onSign: () => void): Promise<void> {
  switch (item.kind) {
    case "params":
      await runs.logBatch(run.id, { params: item.params });
      break;
    case "metrics":
      await runs.logBatch(run.id, { metrics: metricsOf(item) });
      break;
    case "tags":
      await runs.logBatch(run.id, { tags: item.tags });
      break;
    case "inputs":
      await runs.logInputs(run.id, item.datasets);
      break;
    case "artifact":
      await runs.putArtifact(run, item.file.path, { file: item.file.at, onBytes: onSign });
      break;
    case "model":
      await deliverModel(runs, run, item, onSign);
      break;
  }
  onSign();
}
