import type { RunNode } from "../../lineage/graph.ts";
import type { LineageIndex, NodeRecord } from "../../lineage/store/lineage-index.ts";
import { formatUrn } from "../../lineage/urn.ts";

export type RunRecord = NodeRecord & { readonly node: RunNode };

export function findRunRecord(index: LineageIndex, id: string): RunRecord | undefined {
  const record = index.record(formatUrn({ kind: "run", id }));
  return record === undefined ? undefined : asRun(record);
}

/** The runs that MLflow itself told of and that are not known to be removed. Imported ones are of no experiment. */
export function mlflowRuns(index: LineageIndex): readonly RunRecord[] {
  const runs: RunRecord[] = [];
  for (const record of index.records(["run"])) {
    const run = asRun(record);
    if (run !== undefined && run.rank === "source" && run.node.experiment !== undefined) runs.push(run);
  }
  return runs;
}

function asRun(record: NodeRecord): RunRecord | undefined {
  return record.node.kind === "run" ? { ...record, node: record.node } : undefined;
}
