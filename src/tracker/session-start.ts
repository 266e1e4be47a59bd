import { hostname } from "node:os";
import { processStart } from "./capture/machine/system-metrics.ts";
import type { Origin } from "./capture/origin.ts";
import type { Redactor } from "./capture/secrets/redact.ts";
import type { WantedRun } from "./delivery/open-run.ts";
import { RUN_TAGS } from "./delivery/run-tags.ts";
import type { RecordOptions } from "./options.ts";
import type { SessionFolders } from "./session-folders.ts";

/** What is known before a run is opened. */
export interface SessionStart {
  readonly startTime: Date;
  readonly session: string;
  readonly folders: SessionFolders;
  readonly origin: Origin;
  readonly redactor: Redactor;
}

/** The run that stands for this attempt: made, or continued. */
export function wantedRun(options: RecordOptions, { startTime, session, origin, redactor }: SessionStart): WantedRun {
  const { experiment, isExperimentGiven, runId, parentRunId } = options;
  const pidStarted = processStart(process.pid);
  const own = {
    [RUN_TAGS.host]: hostname(),
    [RUN_TAGS.pid]: String(process.pid),
    ...(pidStarted === undefined ? {} : { [RUN_TAGS.pidStarted]: pidStarted }),
    [RUN_TAGS.heartbeat]: startTime.toISOString(),
  };
  const parent = parentRunId === undefined ? {} : { "mlflow.parentRunId": parentRunId };
  return {
    experiment,
    isExperimentGiven,
    name: origin.runName,
    key: origin.key,
    isKeyNew: origin.job === undefined,
    session,
    startTime,
    host: hostname(),
    pid: process.pid,
    tags: { ...origin.tags, ...parent, ...redactor.pairs(options.tags), ...own },
    runId,
  };
}
