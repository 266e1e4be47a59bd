import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { StemmaError } from "../../lineage/errors.ts";
import { cardDigest } from "../card/canonical.ts";
import { type JsonObject, parseObject } from "../json.ts";
import { LineTail } from "../report/line-tail.ts";
import { sha256OfFile } from "../report/sha256.ts";
import { type Item, filesOf } from "./items.ts";
import { OUTBOX_FILES, OUTBOX_SCHEMA, type OutboxLine, type SealedHeader, headerLink, nextLink } from "./outbox.ts";

/** An outbox that was found whole. */
export interface Outbox {
  readonly folder: string;
  readonly header: SealedHeader;
  /** In their order, each with the place of its bytes. */
  readonly items: () => AsyncIterable<Item>;
}

/** Reads an outbox and checks all of it. USAGE for a folder that is none, INTEGRITY for one that is not as it was written. */
export async function readOutbox(folder: string): Promise<Outbox> {
  const header = await readHeader(folder);
  const { items: count, head, ...own } = header;
  let link = headerLink(own);
  let seen = 0;
  for await (const { item, digest } of readLines(folder)) {
    seen++;
    link = nextLink(link, item);
    if (digest !== link) throw damaged(folder, `item ${seen} does not have its digest`);
    for (const file of filesOf(item)) await checkFile(folder, file.sha256);
  }
  const card = parseObject(await readText(join(folder, OUTBOX_FILES.card)));
  if (!isCardWhole(card, header.card)) throw damaged(folder, "its run card is not as it was");
  if (seen !== count || link !== head) throw damaged(folder, `its ${seen} items are not the ${count} that it was closed with`);
  return { folder, header, items: () => readItems(folder) };
}

function isCardWhole(card: JsonObject | undefined, digest: string): boolean {
  return card !== undefined && card["digest"] === digest && cardDigest(card) === digest;
}

async function readHeader(folder: string): Promise<SealedHeader> {
  const value = parseObject(await readText(join(folder, OUTBOX_FILES.header)));
  if (value?.["schema"] === OUTBOX_SCHEMA) return value as unknown as SealedHeader;
  throw new StemmaError("USAGE", `${folder} is no outbox of stemma track.`, {
    hint: "Name the folder that holds outbox.json.",
  });
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return "";
    throw error;
  }
}

async function* readLines(folder: string): AsyncIterable<OutboxLine> {
  for await (const lines of new LineTail(join(folder, OUTBOX_FILES.items)).read(true)) {
    for (const { number, text } of lines) {
      const line = parseObject(text);
      if (line === undefined || !("item" in line) || !("digest" in line))
        throw damaged(folder, `line ${number} of ${OUTBOX_FILES.items} cannot be read`);
      yield line as unknown as OutboxLine;
    }
  }
}

async function* readItems(folder: string): AsyncIterable<Item> {
  const place = (sha256: string): string => join(folder, OUTBOX_FILES.content, sha256);
  for await (const { item } of readLines(folder)) {
    if (item.kind === "artifact") yield { ...item, file: { ...item.file, at: place(item.file.sha256) } };
    else if (item.kind === "model") yield { ...item, files: item.files.map((file) => ({ ...file, at: place(file.sha256) })) };
    else yield item;
  }
}

async function checkFile(folder: string, sha256: string): Promise<void> {
  const file = join(folder, OUTBOX_FILES.content, sha256);
  try {
    if ((await sha256OfFile(file)) === sha256) return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  throw damaged(folder, `the content ${sha256} is missing or changed`);
}

function damaged(folder: string, what: string): StemmaError {
  return new StemmaError("INTEGRITY", `the outbox ${folder} is damaged: ${what}.`, { hint: "Nothing was sent." });
}
