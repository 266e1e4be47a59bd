import { resolve } from "node:path";
import { StemmaError } from "../../lineage/errors.ts";
import type { Run } from "../../mlflow/types.ts";
import type { ChildEnd } from "../capture/child.ts";
import type { Origin } from "../capture/origin.ts";
import type { TrackPorts } from "../ports.ts";
import { type Session, deliverRemains } from "../delivery/remains.ts";
import { RUN_CARD_SCHEMA, type RunCard, writeRunCard } from "./run-card.ts";

/** How a run is to be told of. */
export interface CloseOptions {
  readonly command: readonly string[];
  readonly experiment: string;
  readonly cardFolder: string | undefined;
  readonly cwd: string;
}

export interface EndedRun {
  readonly origin: Origin;
  readonly run: Run;
  readonly startTime: Date;
  readonly session: Session;
  readonly end: ChildEnd;
}

/** Delivers the rest, writes the card and ends the run. An incomplete record makes a failure of a good command. */
export async function closeRun(ports: TrackPorts, options: CloseOptions, ended: EndedRun): Promise<ChildEnd> {
  const { session, run, origin, end } = ended;
  const { delivery, complaints } = session;
  const remains = await deliverRemains(session);
  complaints.close();
  const endTime = ports.now();
  const cardFolder = options.cardFolder === undefined ? origin.job?.outputFolder : resolve(options.cwd, options.cardFolder);
  const tryCard = async (outcome: ChildEnd): Promise<string | undefined> => {
    const frame = makeCardFrame(ports, options, { ...ended, end: outcome, endTime });
    return cardFolder === undefined ? undefined : messageOf(writeRunCard(cardFolder, { ...frame, ...remains }));
  };
  const first = judge(end, delivery.shortfall);
  const cardProblem = await tryCard(first);
  const { status } = judge(first, cardProblem);
  delivery.add({ kind: "status", count: () => 1, send: () => ports.runs.updateRun(run.id, { status, endTime }) });
  await delivery.flush();
  const final = judge(end, cardProblem ?? delivery.shortfall);
  if (cardProblem === undefined && final.status !== first.status) await tryCard(final);
  for (const problem of [cardProblem, delivery.shortfall]) if (problem !== undefined) ports.say(problem);
  return final;
}

function judge(end: ChildEnd, problem: string | undefined): ChildEnd {
  if (problem === undefined || end.exitCode !== 0) return end;
  return { status: "FAILED", exitCode: 1, how: "the record is incomplete" };
}

async function messageOf(promise: Promise<void>): Promise<string | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    if (error instanceof StemmaError) return error.message;
    throw error;
  }
}

type CardFrame = Omit<RunCard, "params" | "metrics" | "artifacts">;

function makeCardFrame({ runs }: TrackPorts, options: CloseOptions, closed: EndedRun & { readonly endTime: Date }): CardFrame {
  const { run, origin, end, startTime, endTime } = closed;
  return {
    schema: RUN_CARD_SCHEMA,
    runId: run.id,
    experimentId: run.experimentId,
    experimentName: options.experiment,
    runName: run.name,
    trackingUri: runs.uri,
    status: end.status,
    exitCode: end.exitCode,
    startTime: startTime.toISOString(),
    endTime: endTime.toISOString(),
    command: options.command,
    pachyderm: cardOrigin(origin),
    git: origin.git,
  };
}

function cardOrigin({ job, resolved }: Origin): RunCard["pachyderm"] {
  if (job === undefined) return undefined;
  const { project, pipeline, outputCommit, datum } = job;
  return {
    project,
    pipeline,
    version: resolved?.pipelineVersion,
    job: job.job,
    outputCommit,
    datum,
    inputs: resolved?.inputs ?? [],
  };
}
