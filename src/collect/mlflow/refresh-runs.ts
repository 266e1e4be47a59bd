import type { LineageIndex } from "../../lineage/store/lineage-index.ts";
import { formatUrn } from "../../lineage/urn.ts";
import { mapAtOnce } from "../at-once.ts";
import type { MlflowSource } from "../ports.ts";
import { RunNotes } from "./run-notes.ts";
import { findRunRecord } from "./runs-in-index.ts";
import { writeRuns } from "./write-runs.ts";

/** Reads these runs anew, whatever is known of them; those that MLflow has no more are marked as gone. */
export async function refreshRuns(index: LineageIndex, source: MlflowSource, ids: readonly string[], now: Date): Promise<void> {
  const runs = await mapAtOnce(ids, (id) => source.findRun(id));
  const found = runs.filter((run) => run !== undefined);
  const gone = ids.filter((_id, at) => runs[at] === undefined);
  index.write((writer) => {
    new RunNotes(index).take(writer, found, now);
    writeRuns(index, writer, found, source, now);
    for (const id of gone) if (findRunRecord(index, id) !== undefined) writer.markGone(formatUrn({ kind: "run", id }), now);
  });
}
