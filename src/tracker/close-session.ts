import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { StemmaError } from "../lineage/errors.ts";
import { plainText } from "../lineage/plain-text.ts";
import type { Run } from "../mlflow/types.ts";
import type { ChildEnd } from "./capture/child.ts";
import { type CardSources, makeCard } from "./card/make-card.ts";
import { type RunCard, writeRunCard } from "./card/run-card.ts";
import { endedAttempts, formatAttempts, parseAttempts } from "./delivery/attempts.ts";
import { type Item, type ItemKind, countOf, describeCounts, filesOf } from "./delivery/items.ts";
import { closeOthers } from "./delivery/open-run.ts";
import { OUTBOX_PLACE, OUTBOX_SCHEMA, writeOutbox } from "./delivery/outbox.ts";
import { RUN_TAGS } from "./delivery/run-tags.ts";
import type { RecordOptions } from "./options.ts";
import type { TrackPorts } from "./ports.ts";
import type { Session } from "./session.ts";
import { takeRest } from "./take-rest.ts";

/** After a call whose fate is unknown we look again, for so long: it may take effect late. */
const DOUBTFUL_MS = 3000;
const LOOK_MS = 500;

/** A session that is ending. */
interface Ending {
  readonly session: Session;
  readonly endTime: Date;
  readonly end: ChildEnd;
  readonly sources: CardSources;
  /** What MLflow was not told, and why. */
  readonly items: readonly Item[];
  readonly reasons: readonly string[];
}

/**
 * Takes what the command left, delivers it, writes the card, ends the run, and keeps in an outbox what MLflow could not be
 * told. Resolves to how the whole ended: as the command did, unless its record cannot be kept.
 */
export async function closeSession(
  ports: TrackPorts,
  options: RecordOptions,
  session: Session,
  end: ChildEnd,
): Promise<ChildEnd> {
  const endTime = ports.now();
  const sources = await takeRest(ports, options, session);
  await session.courier.finish();
  session.complaints.close();
  const undelivered = session.courier.undelivered();
  const items = keepable(ports, latestOf(undelivered.map(({ item }) => withDigest(item, sources))));
  const reasons = [...new Set(undelivered.map(({ reason }) => reason))];
  const isComplete = items.length === 0 && session.courier.dropped.size === 0 && session.run !== undefined;
  const outcome = options.isTrackingRequired && !isComplete ? judge(end, 6) : end;
  return endRun(ports, options, { session, endTime, end: outcome, sources, items, reasons });
}

async function endRun(ports: TrackPorts, options: RecordOptions, ending: Ending): Promise<ChildEnd> {
  const { session } = ending;
  const { job } = session.origin;
  const cardFolder = options.cardFolder === undefined ? job?.outputFolder : resolve(options.cwd, options.cardFolder);
  const card = cardOf(ports, options, ending, ending.end);
  const problem = await tryCard(cardFolder, card);
  if (problem !== undefined) ports.say(problem);
  const final = problem === undefined ? ending.end : judge(ending.end, 1);
  const isEnded = await tellEnd(ports, ending, final);
  const isOutboxNeeded = !isEnded || ending.items.length > 0 || session.courier.dropped.size > 0;
  if (isOutboxNeeded) {
    const folder = job === undefined ? resolve(options.cwd, options.outboxFolder) : join(job.outputFolder, OUTBOX_PLACE);
    await keepOutbox(ports, options, { ...ending, end: final }, { card, isEnded, folder });
  }
  return final;
}

/** A good command whose record is not: an exit code other than 0 of its own stays. */
export function judge(end: ChildEnd, exitCode: number): ChildEnd {
  return end.exitCode === 0 ? { status: "FAILED", exitCode, how: "the record is incomplete" } : end;
}

function cardOf(ports: TrackPorts, options: RecordOptions, ending: Ending, end: ChildEnd): RunCard {
  const { session, endTime, sources, items } = ending;
  return makeCard({ trackingUri: ports.runs.uri, options, session, sources, end, endTime, undelivered: countByKind(items) });
}

async function tryCard(folder: string | undefined, card: RunCard): Promise<string | undefined> {
  const { runId } = card;
  if (folder === undefined || runId === undefined) return undefined;
  try {
    await writeRunCard(folder, { ...card, runId });
    return undefined;
  } catch (error) {
    if (error instanceof StemmaError) return error.message;
    throw error;
  }
}

/** Whether MLflow could be told that and how the run ended. */
async function tellEnd(ports: TrackPorts, ending: Ending, end: ChildEnd): Promise<boolean> {
  const { session, endTime, items } = ending;
  const { run, courier } = session;
  if (run === undefined || !courier.isOnline) return false;
  try {
    await tellRunsEnd(ports, ending, run, end);
    return true;
  } catch (error) {
    if (!(error instanceof StemmaError)) throw error;
    ports.say(`the end of the run waits, with ${items.length} other things, as of ${endTime.toISOString()}: ${error.message}`);
    return false;
  }
}

async function tellRunsEnd({ runs, say }: TrackPorts, ending: Ending, run: Run, end: ChildEnd): Promise<void> {
  const { session, endTime, items, sources } = ending;
  const winner = sources.logged?.tags[RUN_TAGS.supersededBy];
  if (winner !== undefined) {
    say(`another attempt at the same work, that began earlier, has run ${winner}, which counts: run ${run.id} is closed`);
    return;
  }
  const owner = sources.logged?.tags[RUN_TAGS.session];
  if (owner !== undefined && owner !== session.mark) {
    say(`another attempt at the same work has taken over run ${run.id}: its end is left to it`);
    return;
  }
  const attempts = endedAttempts(parseAttempts(run.tags[RUN_TAGS.attempts]), { ...end, ended: endTime });
  const left = describeCounts(countByKind(items));
  const incomplete = left === "" ? {} : { [RUN_TAGS.incomplete]: `not delivered: ${left}` };
  const tags = { [RUN_TAGS.attempts]: formatAttempts(attempts), ...incomplete };
  const key = run.tags[RUN_TAGS.key] ?? session.wanted.key;
  const tell = async (): Promise<void> => {
    await runs.logBatch(run.id, { tags });
    await runs.updateRun(run.id, { status: end.status, endTime });
  };
  const look = async (): Promise<void> => {
    const now = runs.doubts === 0 ? undefined : await runs.inspectRun(run.id);
    const isTold = now === undefined || (now.status === end.status && now.tags[RUN_TAGS.attempts] === tags[RUN_TAGS.attempts]);
    if (!isTold) await tell();
    await closeOthers(runs, run, key, endTime);
  };
  await tell();
  await lookEnough(runs, look);
}

/** Once; and for some time, when a call whose fate is unknown may take effect late. A look that fails is made again. */
async function lookEnough(runs: TrackPorts["runs"], look: () => Promise<void>): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += LOOK_MS) {
    const enoughMs = runs.doubts === 0 ? 0 : DOUBTFUL_MS;
    try {
      await look();
      if (waitedMs >= enoughMs) return;
    } catch (error) {
      const isLast = waitedMs >= enoughMs + DOUBTFUL_MS;
      if (isLast || !(error instanceof StemmaError) || error.code !== "UNREACHABLE") throw error;
    }
    await pause(LOOK_MS);
  }
}

interface OutboxNeeds {
  readonly card: RunCard;
  readonly isEnded: boolean;
  readonly folder: string;
}

async function keepOutbox(ports: TrackPorts, options: RecordOptions, ending: Ending, needs: OutboxNeeds): Promise<void> {
  const { session, endTime, end, items, reasons } = ending;
  const { wanted, run, courier } = session;
  const { experiment, key, host, pid, tags } = wanted;
  const path = await writeOutbox(needs.folder, {
    header: {
      schema: OUTBOX_SCHEMA,
      key,
      session: session.mark,
      experiment,
      runName: wanted.name,
      runId: run?.id,
      trackingUri: ports.runs.uri,
      host,
      pid,
      startTime: session.startTime.toISOString(),
      endTime: endTime.toISOString(),
      status: end.status,
      exitCode: end.exitCode,
      how: end.how,
      isEnded: needs.isEnded,
      tags,
      reasons,
      dropped: Object.fromEntries(courier.dropped),
      card: needs.card.digest,
    },
    items,
    card: needs.card,
    limitBytes: options.outboxLimitBytes,
  });
  const what = [describeCounts(countByKind(items)), needs.isEnded ? "" : "the run's end"].filter(Boolean).join(", ");
  const how = session.origin.job === undefined ? `stemma replay ${path}` : "stemma replay on the output commit";
  if (what !== "") ports.say(`not delivered: ${what}. It is kept in ${path}; "${how}" delivers it`);
  for (const [kind, count] of courier.dropped)
    ports.say(`no room for ${count} more ${kind}: the outbox may hold ${options.outboxLimitBytes} bytes`);
}

/** Without the files that the command has removed before they could be sent: no fault of MLflow's. */
function keepable({ say }: TrackPorts, items: readonly Item[]): readonly Item[] {
  const kept: Item[] = [];
  for (const item of items) {
    if (filesOf(item).every(({ at }) => existsSync(at))) kept.push(item);
    else if (item.kind === "artifact") say(`${plainText(item.file.path)} was removed before it could be sent`);
  }
  return kept;
}

/** A large file was given to be sent before its digest was known. */
function withDigest(item: Item, { artifacts }: CardSources): Item {
  if (item.kind !== "artifact" || item.file.sha256 !== "") return item;
  return { ...item, file: artifacts.find(({ at }) => at === item.file.at) ?? item.file };
}

/** Of an artifact that was sent again and again as it grew, only the last is worth keeping. */
function latestOf(items: readonly Item[]): readonly Item[] {
  const last = new Map(items.map((item, index) => [item.kind === "artifact" ? item.file.path : "", index]));
  return items.filter((item, index) => item.kind !== "artifact" || last.get(item.file.path) === index);
}

function countByKind(items: readonly Item[]): ReadonlyMap<ItemKind, number> {
  const counts = new Map<ItemKind, number>();
  for (const item of items) counts.set(item.kind, (counts.get(item.kind) ?? 0) + countOf(item));
  return counts;
}
