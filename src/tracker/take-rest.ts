import { StemmaError } from "../lineage/errors.ts";
import type { Run } from "../mlflow/types.ts";
import { readSparkEvents } from "./capture/spark/read-events.ts";
import { type SparkSummary, sparkMetrics, sparkTags } from "./capture/spark/summary.ts";
import type { CardSources } from "./card/make-card.ts";
import type { RecordOptions } from "./options.ts";
import type { RunKeeper, TrackPorts } from "./ports.ts";
import type { Session } from "./session.ts";

/** Takes what the command left when it ended: on its way to MLflow, and for the run card. */
export async function takeRest(ports: TrackPorts, options: RecordOptions, session: Session): Promise<CardSources> {
  const { courier, log, artifacts } = session;
  const logged = await readLogged(ports.runs, session);
  if (logged !== undefined) session.params.learn(logged.params);
  await session.takeMetrics(true);
  session.pump();
  await session.takeParams(true);
  await session.takeTags(true);
  const surroundings = await session.takeSurroundings();
  log.close();
  for (const file of await log.grown()) courier.add({ kind: "artifact", file });
  const rest = await artifacts.rest((item) => {
    courier.add(item);
    session.pump();
  });
  const spark = options.isSpark ? await takeSpark(ports, session) : undefined;
  const children = await listChildren(ports.runs, session.run);
  const own = [...session.ownFiles, ...(await log.files())];
  return { logged, surroundings, artifacts: [...rest.artifacts, ...own], models: rest.models, spark, children };
}

async function takeSpark(ports: TrackPorts, session: Session): Promise<readonly SparkSummary[]> {
  const found = await readSparkEvents(session.folders.spark, (text) => session.redactor.text(text));
  if (found.length === 0) {
    ports.say("Spark left no event log: was there an application, and does its configuration set spark.eventLog.dir itself?");
    return [];
  }
  session.addTags(sparkTags(found));
  const time = ports.now();
  session.addMetrics(Object.entries(sparkMetrics(found)).map(([key, value]) => ({ key, value, step: 0, time })));
  await session.takeText("spark/applications.json", `${JSON.stringify(found, undefined, 2)}\n`);
  return found;
}

/** The run as the command's own MLflow client, and earlier attempts, left it; undefined when MLflow is away. */
async function readLogged(runs: RunKeeper, { run, courier }: Session): Promise<Run | undefined> {
  if (run === undefined || !courier.isOnline) return undefined;
  return orUndefined(runs.inspectRun(run.id));
}

async function listChildren(runs: RunKeeper, run: Run | undefined): Promise<readonly string[]> {
  if (run === undefined) return [];
  const found = await orUndefined(collectIds(runs, run));
  return found ?? [];
}

async function collectIds(runs: RunKeeper, { id, experimentId }: Run): Promise<readonly string[]> {
  const ids: string[] = [];
  const filter = `tags.\`mlflow.parentRunId\` = "${id}"`;
  for await (const child of runs.searchRuns({ experimentIds: [experimentId], filter })) ids.push(child.id);
  return ids;
}

/** When MLflow does not answer, the record does without; the delivery says so. */
async function orUndefined<Value>(promise: Promise<Value>): Promise<Value | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof StemmaError) return undefined;
    throw error;
  }
}
