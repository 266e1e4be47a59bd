import { randomUUID } from "node:crypto";
import type { WantedRun } from "../../../src/tracker/delivery/open-run.ts";
import { newExperiment } from "../../mlflow/fixtures.ts";

/** The run of a piece of work in an experiment of its own, as its next attempt wants it. */
export function wantedRun(more: Partial<WantedRun> = {}): WantedRun {
  return {
    experiment: newExperiment(),
    isExperimentGiven: false,
    name: "tree",
    key: randomUUID(),
    isKeyNew: false,
    session: randomUUID(),
    startTime: new Date("2026-01-02T03:04:05Z"),
    host: "node-1",
    pid: 7,
    tags: {},
    ...more,
  };
}
