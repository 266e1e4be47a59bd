import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Run } from "../mlflow/types.ts";
import type { ChildEnd } from "./capture/child.ts";
import { closeRun } from "./card/closing.ts";
import { Complaints } from "./report/complaints.ts";
import { Delivery } from "./delivery/delivery.ts";
import { toDataset } from "./capture/inputs.ts";
import { ATTEMPT_TAG, openRun } from "./delivery/open-run.ts";
import { type Origin, readOrigin } from "./capture/origin.ts";
import type { Environment, TrackPorts } from "./ports.ts";
import { type Session, metricParcel } from "./delivery/remains.ts";
import { Report } from "./report/report.ts";

export interface TrackOptions {
  readonly command: readonly string[];
  readonly experiment: string;
  readonly name: string | undefined;
  /** Set on the run beside the tracker's own. */
  readonly tags: Readonly<Record<string, string>>;
  /** What the inputs are used for. */
  readonly context: string;
  /** Where the run card goes; the job's output by default, and nowhere outside of a job. */
  readonly cardFolder: string | undefined;
  /** MLflow's address as the command is to use it: unlike the one shown it may hold credentials. */
  readonly trackingUri: string;
  readonly user: string;
  readonly cwd: string;
  readonly env: Environment;
  readonly signal: AbortSignal;
}

/** How often what the command reports is passed on while it runs. */
const TICK_MS = 1000;

/**
 * Runs a command with an MLflow run around it, and resolves to the command's exit code, or to 1 when the command was
 * fine and its record is not. Rejects before the command starts when no run can be had.
 */
export async function track(ports: TrackPorts, options: TrackOptions): Promise<number> {
  const startTime = ports.now();
  const { runs } = ports;
  const experimentId = await runs.experimentId(options.experiment);
  const origin = await readOrigin(ports, options);
  options.signal.throwIfAborted();
  const run = await openRun(runs, {
    experimentId,
    name: origin.runName,
    key: origin.key,
    startTime,
    tags: { ...origin.tags, ...options.tags },
  });
  const folder = await mkdtemp(join(tmpdir(), "stemma-run-"));
  try {
    const { exitCode, isIncomplete } = await trackRun(ports, options, { origin, run, startTime, folder });
    // A failed datum is done again. What was made by hand may be the only one.
    if (isIncomplete && origin.job === undefined) ports.say(`what the command reported is kept in ${folder}`);
    else await rm(folder, { recursive: true, force: true });
    return exitCode;
  } catch (error) {
    // Whatever went wrong here is told by the error. The run shall not look alive, if that can be helped.
    await Promise.allSettled([
      runs.updateRun(run.id, { status: options.signal.aborted ? "KILLED" : "FAILED", endTime: ports.now() }),
    ]);
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

interface OpenedRun {
  readonly origin: Origin;
  readonly run: Run;
  readonly startTime: Date;
  /** Temporary, for the report and the artifacts. */
  readonly folder: string;
}

interface Tracked {
  readonly exitCode: number;
  /** Whether something did not arrive at MLflow. */
  readonly isIncomplete: boolean;
}

async function trackRun(ports: TrackPorts, options: TrackOptions, opened: OpenedRun): Promise<Tracked> {
  const { run, origin } = opened;
  const session = await openSession(ports, opened);
  const attempt = run.tags[ATTEMPT_TAG] ?? "1";
  const link = ports.runs.runLink(run);
  ports.say(`run ${run.name}${attempt === "1" ? "" : `, attempt ${attempt}`} ${link}`);
  const datasets = (origin.resolved?.inputs ?? []).map((input) => toDataset(input, options.context));
  session.delivery.add({ kind: "data sets", count: () => datasets.length, send: () => ports.runs.logInputs(run.id, datasets) });
  await session.delivery.flush();
  options.signal.throwIfAborted();
  const env = childEnvironment(options, run, opened.folder);
  const end = await watchReport(ports, session, ports.runChild(options.command, { cwd: options.cwd, env }));
  const final = await closeRun(ports, options, { ...opened, session, end });
  ports.say(`${final.status}${final.how === "" ? "" : ` (${final.how})`} ${link}`);
  return { exitCode: final.exitCode, isIncomplete: session.delivery.shortfall !== undefined };
}

async function openSession({ runs, say, now }: TrackPorts, { run, folder }: OpenedRun): Promise<Session> {
  const artifactsFolder = join(folder, "artifacts");
  const reportFolder = join(folder, "report");
  for (const path of [artifactsFolder, reportFolder]) await mkdir(path);
  const complaints = new Complaints(say);
  return { runs, run, artifactsFolder, complaints, report: new Report(reportFolder, complaints, now), delivery: new Delivery() };
}

function childEnvironment({ env, trackingUri, experiment }: TrackOptions, run: Run, folder: string): Environment {
  return {
    ...env,
    MLFLOW_TRACKING_URI: trackingUri,
    MLFLOW_RUN_ID: run.id,
    MLFLOW_EXPERIMENT_ID: run.experimentId,
    MLFLOW_EXPERIMENT_NAME: experiment,
    STEMMA_RUN_ID: run.id,
    STEMMA_REPORT: join(folder, "report"),
    STEMMA_ARTIFACTS: join(folder, "artifacts"),
  };
}

/** Passes metrics on while the command runs. When MLflow goes away meanwhile, they wait. */
async function watchReport({ say }: TrackPorts, session: Session, ending: Promise<ChildEnd>): Promise<ChildEnd> {
  let wasAway = false;
  for (;;) {
    const end = await Promise.race([ending, pause(TICK_MS, undefined, { ref: false })]);
    if (end !== undefined) return end;
    try {
      session.delivery.add(metricParcel(session, await session.report.readMetrics(false)));
      await session.delivery.flush();
    } catch (error) {
      await ending;
      throw error;
    }
    const { obstacle } = session.delivery;
    if (obstacle !== undefined && !wasAway) say(`the command goes on, what it reports waits: ${obstacle.message}`);
    wasAway = obstacle !== undefined;
  }
}
