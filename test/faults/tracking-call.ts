import { randomUUID } from "node:crypto";
import { StemmaError } from "../../src/lineage/errors.ts";
import { MlflowClient } from "../../src/mlflow/client.ts";
import { track } from "../../src/tracker/track.ts";
import type { DatumJob } from "./tracking-job.ts";

/** Where runs go, as a tracker is told. */
export interface TrackingPlace {
  readonly uri: string;
  /** How long the tracker waits for an answer. */
  readonly timeoutMs: number;
  readonly experiment: string;
}

export interface TrackCall extends TrackingPlace {
  readonly job: DatumJob;
  readonly script: string;
  readonly isTrackingRequired?: boolean;
  /** Where what the tracker says is to be seen while it goes on. */
  readonly said?: string[];
}

export interface Tracked {
  readonly exitCode: number;
  /** What the tracker said. */
  readonly said: readonly string[];
}

/** Tracks a shell command as `stemma track` does, in this process. */
export async function trackHere({
  uri,
  timeoutMs,
  experiment,
  job,
  script,
  isTrackingRequired = false,
  said = [],
}: TrackCall): Promise<Tracked> {
  const exitCode = await track(
    {
      runs: new MlflowClient({ uri, timeoutMs }),
      connectJobSource: () => Promise.reject(new StemmaError("UNREACHABLE", "no Pachyderm in this test")),
      say: (line) => void said.push(line),
      now: () => new Date(),
      newKey: randomUUID,
    },
    {
      command: ["sh", "-c", script],
      experiment,
      isExperimentGiven: true,
      name: undefined,
      runId: undefined,
      parentRunId: undefined,
      tags: {},
      context: "training",
      cardFolder: undefined,
      outboxFolder: job.out,
      outboxLimitBytes: 2 ** 30,
      isTrackingRequired,
      redact: [],
      isSpark: false,
      isLogKept: true,
      trackingUri: uri,
      user: "tester",
      cwd: job.out,
      env: job.env,
      signal: new AbortController().signal,
      version: "0",
    },
  );
  return { exitCode, said };
}
