import type { Run } from "../../../src/mlflow/types.ts";
import { type TrackedRun, toTrackedRun } from "../../../src/tracker/reconcile/tracked-run.ts";

const RUN: Run = {
  id: "1".repeat(32),
  experimentId: "1",
  name: "tree",
  status: "RUNNING",
  startTime: new Date("2026-11-21T10:00:00Z"),
  endTime: undefined,
  artifactUri: "",
  deleted: false,
  tags: {},
  params: {},
  metrics: {},
  datasets: [],
  outputs: [],
  modelInputs: [],
};

/** A run of `stemma track` that says that it runs, but for what a test tells of it. */
export function trackedRun({ key = "the key", tags, ...run }: Partial<Run> & { readonly key?: string } = {}): TrackedRun {
  const tracked = toTrackedRun({ ...RUN, ...run, tags: { "stemma.key": key, ...tags } });
  if (tracked === undefined) throw new Error("a run with a key is a tracked one");
  return tracked;
}
