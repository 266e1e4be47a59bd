import { createHash } from "node:crypto";
import { copyFile, mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { constants } from "node:fs";
import { join } from "node:path";
import { StemmaError } from "../../lineage/errors.ts";
import { canonicalJson } from "../card/canonical.ts";
import type { RunCard } from "../card/run-card.ts";
import { sha256OfFile } from "../report/sha256.ts";
import { type Item, type ItemKind, filesOf } from "./items.ts";

export const OUTBOX_SCHEMA = "stemma/outbox/1";

/** What MLflow could not be told of a run: everything that is needed to tell it later, as if it had been there. */
export interface OutboxHeader {
  readonly schema: typeof OUTBOX_SCHEMA;
  readonly key: string;
  readonly session: string;
  readonly experiment: string;
  readonly runName: string;
  /** Absent when MLflow was away from the start to the end. */
  readonly runId?: string | undefined;
  readonly trackingUri: string;
  readonly host: string;
  readonly pid: number;
  readonly startTime: string;
  readonly endTime: string;
  readonly status: "FINISHED" | "FAILED" | "KILLED";
  readonly exitCode: number;
  readonly how: string;
  /** Whether the run's own end could be told. */
  readonly isEnded: boolean;
  readonly tags: Readonly<Record<string, string>>;
  /** Why things were not delivered, each reason once. */
  readonly reasons: readonly string[];
  /** What found no room on disk, by kind: these are lost. */
  readonly dropped: Readonly<Partial<Record<ItemKind, number>>>;
  /** The digest of the run card that lies beside. */
  readonly card: string;
}

/** As outbox.json has it. */
export interface SealedHeader extends OutboxHeader {
  readonly items: number;
  /** The last link of the chain of digests, that begins with the header and has a link for each item. */
  readonly head: string;
}

export interface OutboxLine {
  readonly item: Item;
  readonly digest: string;
}

export const OUTBOX_FILES = { header: "outbox.json", items: "items.jsonl", content: "files", card: "card.json" } as const;

/** Where outboxes lie in an output commit, and in the folder that a run card goes to. */
export const OUTBOX_PLACE = ".stemma/outbox";

/** The folder's name: the same for all attempts at one piece of work, different for any two pieces. */
export function outboxName(key: string): string {
  return createHash("sha256").update(key).digest("hex").slice(0, 32);
}

/** The first link of the chain. */
export function headerLink(header: OutboxHeader): string {
  return sha256(canonicalJson(header));
}

export function nextLink(previous: string, item: Item): string {
  return sha256(`${previous}\n${canonicalJson(item)}`);
}

export interface OutboxContent {
  readonly header: OutboxHeader;
  readonly items: readonly Item[];
  readonly card: RunCard;
  /** How many bytes of artifacts it may hold. */
  readonly limitBytes: number;
}

/** Writes an outbox below `folder`, whole or not at all, and gives its path. FAILED when that cannot be done. */
export async function writeOutbox(folder: string, { header, items, card, limitBytes }: OutboxContent): Promise<string> {
  const target = join(folder, outboxName(header.key));
  const draft = `${target}.draft`;
  try {
    await rm(draft, { recursive: true, force: true });
    await mkdir(join(draft, OUTBOX_FILES.content), { recursive: true });
    const packed = await packFiles(join(draft, OUTBOX_FILES.content), items, limitBytes);
    const full = { ...header, dropped: addDropped(header.dropped, packed.dropped) };
    const lines: string[] = [];
    let link = headerLink(full);
    for (const item of packed.items) {
      link = nextLink(link, item);
      lines.push(`${JSON.stringify({ item, digest: link } satisfies OutboxLine)}\n`);
    }
    await writeFile(join(draft, OUTBOX_FILES.items), lines.join(""));
    await writeFile(join(draft, OUTBOX_FILES.card), `${JSON.stringify(card, undefined, 2)}\n`);
    const sealed: SealedHeader = { ...full, items: packed.items.length, head: link };
    await writeFile(join(draft, OUTBOX_FILES.header), `${JSON.stringify(sealed, undefined, 2)}\n`);
    await rm(target, { recursive: true, force: true });
    await rename(draft, target);
    return target;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === undefined) throw cause;
    throw new StemmaError("FAILED", `cannot keep in ${folder} what MLflow was not told: ${code}`, { cause });
  }
}

interface Packed {
  readonly items: readonly Item[];
  readonly dropped: ReadonlyMap<ItemKind, number>;
}

/** Copies the bytes that items need, each content once; an item whose bytes find no room, or are gone, is left out. */
async function packFiles(folder: string, items: readonly Item[], limitBytes: number): Promise<Packed> {
  const packed: Item[] = [];
  const dropped = new Map<ItemKind, number>();
  let usedBytes = 0;
  for (const item of items) {
    const sizeBytes = filesOf(item).reduce((sum, file) => sum + file.sizeBytes, 0);
    const isRoom = usedBytes + sizeBytes <= limitBytes;
    const kept = isRoom ? await packItem(folder, item) : undefined;
    if (kept === undefined) dropped.set(item.kind, (dropped.get(item.kind) ?? 0) + 1);
    else {
      usedBytes += sizeBytes;
      packed.push(kept);
    }
  }
  return { items: packed, dropped };
}

async function packItem(folder: string, item: Item): Promise<Item | undefined> {
  for (const file of filesOf(item)) {
    const target = join(folder, file.sha256);
    try {
      // The same content may be there already; where the file system can, a copy takes no room of its own.
      if (!(await exists(target))) await copyFile(file.at, target, constants.COPYFILE_FICLONE);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
    if ((await sha256OfFile(target)) !== file.sha256) {
      await rm(target);
      return undefined;
    }
  }
  return withPlaces(item);
}

/** The bytes lie in the outbox now, under their digest. */
function withPlaces(item: Item): Item {
  if (item.kind === "artifact") return { ...item, file: { ...item.file, at: item.file.sha256 } };
  if (item.kind === "model") return { ...item, files: item.files.map((file) => ({ ...file, at: file.sha256 })) };
  return item;
}

function addDropped(before: OutboxHeader["dropped"], more: ReadonlyMap<ItemKind, number>): OutboxHeader["dropped"] {
  const sum: Partial<Record<ItemKind, number>> = { ...before };
  for (const [kind, count] of more) sum[kind] = (sum[kind] ?? 0) + count;
  return sum;
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
