import { StemmaError } from "../lineage/errors.ts";
import type { CommitName, FileInfo } from "../pachyderm/types.ts";
import { cardDigest } from "../tracker/card/canonical.ts";
import { RUN_CARD_SCHEMA, type RunCard } from "../tracker/card/run-card.ts";
import { parseObject, textAt } from "../tracker/json.ts";
import type { Lookups } from "./lookups.ts";

/** A run card as it lies in a commit. */
export interface FoundCard {
  readonly commit: CommitName;
  readonly file: FileInfo;
  readonly card: RunCard;
  /** The digest of what is written there. */
  readonly actual: string | undefined;
}

/** Larger than any card: artifacts are listed in it. */
const MAX_CARD_BYTES = 64 * 1024 * 1024;
const CARD_PATH = /^\/[0-9a-f]{32}$/;

export function isCardPath({ path, type }: FileInfo): boolean {
  return type === "FILE" && CARD_PATH.test(path);
}

/** Undefined for a file that is no card of a version that is known here. */
export async function readCard(look: Lookups, commit: CommitName, file: FileInfo): Promise<FoundCard | undefined> {
  if (file.sizeBytes > MAX_CARD_BYTES) return undefined;
  const query = { repo: commit.repo, at: commit.id };
  const pieces = await look.ask("pachyderm", () => Array.fromAsync(look.sources.pachyderm.readFile(query, file.path)));
  const card = parseObject(Buffer.concat(pieces).toString("utf8"));
  if (card === undefined || textAt(card, "schema") !== RUN_CARD_SCHEMA) return undefined;
  // Whoever finds it damaged by its digest looks at nothing else of it.
  return { commit, file, card: card as unknown as RunCard, actual: digestOf(card) };
}

function digestOf(card: object): string | undefined {
  try {
    return cardDigest(card);
  } catch (error) {
    // What has no canonical form was never written by the tracker.
    if (error instanceof StemmaError && error.code === "USAGE") return undefined;
    throw error;
  }
}
