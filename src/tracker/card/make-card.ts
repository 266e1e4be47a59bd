import { VALUE_LIMITS, cutText } from "../../mlflow/batches.ts";
import type { Run } from "../../mlflow/types.ts";
import type { ChildEnd } from "../capture/child.ts";
import type { SparkSummary } from "../capture/spark/summary.ts";
import type { Surroundings } from "../capture/surroundings.ts";
import { endedAttempts, parseAttempts } from "../delivery/attempts.ts";
import type { ItemKind, StoredFile } from "../delivery/items.ts";
import { firstAttempt } from "../delivery/open-run.ts";
import { RUN_TAGS } from "../delivery/run-tags.ts";
import type { RecordOptions } from "../options.ts";
import type { FoundModel } from "../report/artifact-scan.ts";
import type { Session } from "../session.ts";
import { toCardNumber } from "./numbers.ts";
import { type CardFile, RUN_CARD_SCHEMA, type RunCard, sealCard } from "./run-card.ts";

/** What was found when the command had ended. */
export interface CardSources {
  /** The run as MLflow had it then; undefined when it was away. */
  readonly logged: Run | undefined;
  readonly surroundings: Surroundings;
  readonly artifacts: readonly StoredFile[];
  readonly models: readonly FoundModel[];
  readonly spark: readonly SparkSummary[] | undefined;
  readonly children: readonly string[];
}

interface CardParts {
  readonly trackingUri: string;
  readonly options: RecordOptions;
  readonly session: Session;
  readonly sources: CardSources;
  readonly end: ChildEnd;
  readonly endTime: Date;
  readonly undelivered: ReadonlyMap<ItemKind, number>;
}

/** The card of a run: what MLflow has of it together with what it was, or will be, told. */
export function makeCard({ trackingUri, options, session, sources, end, endTime, undelivered }: CardParts): RunCard {
  const { run, wanted, origin, redactor } = session;
  const { logged, surroundings, spark, children } = sources;
  const known = run === undefined ? [firstAttempt(wanted)] : parseAttempts(run.tags[RUN_TAGS.attempts]);
  const attempts = endedAttempts(known, { ...end, ended: endTime });
  const metrics = Object.entries({ ...logged?.metrics, ...session.lastValues });
  return sealCard({
    schema: RUN_CARD_SCHEMA,
    runId: run?.id,
    experimentId: run?.experimentId,
    experimentName: session.experimentName,
    runName: run?.name ?? wanted.name,
    trackingUri,
    key: wanted.key,
    attempt: attempts.at(-1)?.attempt ?? 1,
    attempts,
    status: end.status,
    exitCode: end.exitCode,
    startTime: session.startTime.toISOString(),
    endTime: endTime.toISOString(),
    command: redactor.argv(options.command),
    pachyderm: cardOrigin(origin),
    code: surroundings.code,
    environment: surroundings.environment,
    tags: lastingTags({ ...logged?.tags, ...session.tags }),
    params: session.params.all,
    metrics: Object.fromEntries(metrics.map(([key, value]) => [key, toCardNumber(value)])),
    datasets: session.datasets,
    artifacts: sources.artifacts.map(toCardFile).sort((a, b) => (a.path < b.path ? -1 : 1)),
    models: sources.models.map(({ name, digest, files }) => ({ name, digest, files: files.map(toCardFile) })),
    spark,
    children,
    undelivered: Object.fromEntries(undelivered),
  });
}

/** Without those that say how things stand, and change while a run lives. */
function lastingTags(tags: Readonly<Record<string, string>>): Record<string, string> {
  const passing: ReadonlySet<string> = new Set([
    RUN_TAGS.heartbeat,
    RUN_TAGS.attempts,
    RUN_TAGS.attempt,
    RUN_TAGS.session,
    RUN_TAGS.incomplete,
  ]);
  const lasting = Object.entries(tags).filter(([key]) => !passing.has(key));
  // As MLflow keeps them, so that the card can be held against the run.
  return Object.fromEntries(lasting.map(([key, value]) => [key, cutText(value, VALUE_LIMITS.tags)]));
}

function toCardFile({ path, sizeBytes, sha256 }: StoredFile): CardFile {
  return { path, sizeBytes, sha256 };
}

function cardOrigin({ job, resolved }: Session["origin"]): RunCard["pachyderm"] {
  if (job === undefined) return undefined;
  const { project, pipeline, outputCommit, datum } = job;
  return {
    project,
    pipeline,
    version: resolved?.pipelineVersion,
    image: resolved?.image,
    job: job.job,
    outputCommit,
    datum,
    inputs: resolved?.inputs ?? [],
  };
}
