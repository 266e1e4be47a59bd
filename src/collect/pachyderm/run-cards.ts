import { StemmaError } from "../../lineage/errors.ts";
import type { Gap } from "../../lineage/answer.ts";
import type { CommitInfo, CommitName, FileInfo } from "../../pachyderm/types.ts";
import { commitIdentity, missing } from "../nodes.ts";
import type { PachydermSource } from "../ports.ts";
import type { RunCard } from "../run-card.ts";
import { MAX_CARD_BYTES, parseRunCard } from "../run-card.ts";
import { jobOfCommit } from "./provenance.ts";

export interface CardInCommit {
  readonly card: RunCard;
  /** The datum that wrote it, in this job or, when it was skipped since, in an earlier one. */
  readonly datum: string;
}

/** A run card lies at the top of an output commit and has its run's id for a name. */
const CARD_GLOB = `/${"?".repeat(32)}`;
const CARD_PATH = /^\/[0-9a-f]{32}$/;

export interface CardsInCommit {
  readonly cards: readonly CardInCommit[];
  readonly gaps: readonly Gap[];
}

const NONE: CardsInCommit = { cards: [], gaps: [] };

/**
 * The run cards in a job's finished output commit. A commit whose files cannot be read any more (pachd 2.11 forgets data and keeps the
 * record) is a gap there, and keeps nobody from reading the others.
 */
export async function runCardsIn(source: PachydermSource, info: CommitInfo): Promise<CardsInCommit> {
  if (info.finished === undefined || info.sizeBytes === 0 || jobOfCommit(info) === undefined) return NONE;
  try {
    return { cards: await readCards(source, info), gaps: [] };
  } catch (error) {
    if (!(error instanceof StemmaError) || error.code === "UNREACHABLE") throw error;
    if (error.code === "NOT_FOUND") return NONE;
    return { cards: [], gaps: [missing(commitIdentity(info.commit), `the run cards in it cannot be read (${error.message})`)] };
  }
}

/** A repo may hold other files that are named like runs. */
async function readCards(source: PachydermSource, { commit }: CommitInfo): Promise<readonly CardInCommit[]> {
  const cards: CardInCommit[] = [];
  for await (const file of source.globFiles({ repo: commit.repo, at: commit.id }, CARD_GLOB)) {
    if (file.type !== "FILE" || !CARD_PATH.test(file.path) || file.sizeBytes > MAX_CARD_BYTES) continue;
    const card = await readCard(source, commit, file);
    if (card !== undefined) cards.push({ card, datum: file.datum });
  }
  return cards;
}

async function readCard(source: PachydermSource, { repo, id }: CommitName, { path }: FileInfo): Promise<RunCard | undefined> {
  const parts: Uint8Array[] = [];
  for await (const part of source.readFile({ repo, at: id }, path)) parts.push(part);
  const card = parseRunCard(Buffer.concat(parts).toString("utf8"));
  return card?.run.id === path.slice(1) ? card : undefined;
}
