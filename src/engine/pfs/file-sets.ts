import { randomBytes } from "node:crypto";
import type { Alarm } from "../alarm-clock.ts";
import type { Database } from "../store/database.ts";
import type { FileOperation, PlannedEdit } from "../files/edits.ts";
import { refused } from "../fault.ts";
import { fromEntry, fromKey } from "../files/file-entry.ts";
import { blake2b256 } from "../store/file-hash.ts";
import type { FileSet, PathRange } from "../files/file-set.ts";
import type { EngineState } from "../state.ts";
import type { Transaction } from "../transaction.ts";
import { EMPTY_ROOT, type NodeStore, applyEdits, diff } from "../tree/tree.ts";

/** The repo whose commits are file sets. */
export const FILE_SETS_REPO = "__filesets__";
export const DEFAULT_TTL_SECONDS = 600;
const LONGEST_TTL_SECONDS = 1800;
const NANOSECONDS = 1e9;
const TOKEN_BYTES = 16;
const MOST_SHARD_FILES = 1_000_000;
const MOST_SHARD_BYTES = 1_000_000_000;

/** Files on their way into a commit: what is deleted there at first, and what is added then. */
export interface StoredFileSet {
  /** Of the tree of what is added. */
  readonly root: string;
  /** The keys (file-entry.ts) of what is deleted. */
  readonly deleted: readonly string[];
}

/** Keeps a file set for a while and answers its id: 32 digits that are its own, and 64 that are its content's. */
export function keepFileSet(tx: Transaction, { root, deleted }: StoredFileSet, ttlSeconds = DEFAULT_TTL_SECONDS): string {
  const token = randomBytes(TOKEN_BYTES).toString("hex");
  const keys = JSON.stringify(deleted);
  tx.db.run("INSERT INTO file_sets VALUES (?, ?, ?, ?)", token, root, keys, tx.now + ttlSeconds * 1000);
  return `${token}.${blake2b256(root, keys)}`;
}

/** Drops the file sets whose time is over. */
export function fileSetAlarm(state: EngineState): Alarm {
  const next = "SELECT min(expires) AS expires FROM file_sets";
  return {
    due: () => state.db.get<{ expires: number | null }>(next)?.expires ?? undefined,
    ring: (now) => state.write(({ db }) => db.run("DELETE FROM file_sets WHERE expires <= ?", now)),
  };
}

/** Throws where there is none, or where its time is over. */
export function findFileSet(db: Database, id: string, now = Date.now()): StoredFileSet {
  const token = toToken(id);
  const row = db.get<{ root: string; deleted: string }>("SELECT * FROM file_sets WHERE token = ? AND expires > ?", token, now);
  if (row === undefined) throw refused("path does not exist");
  return { root: row.root, deleted: JSON.parse(row.deleted) as string[] };
}

/** Gives a file set so much time from now on. */
export function renewFileSet({ db, now }: Transaction, id: string, ttlSeconds: number): void {
  checkTtl(ttlSeconds);
  findFileSet(db, id);
  db.run("UPDATE file_sets SET expires = ? WHERE token = ?", now + ttlSeconds * 1000, toToken(id));
}

export function checkTtl(seconds: number): void {
  if (seconds < 1) throw refused(`ttl (${seconds * NANOSECONDS}) must be at least one second`);
  if (seconds > LONGEST_TTL_SECONDS)
    throw refused(`ttl (${seconds * NANOSECONDS}) exceeds max ttl (${LONGEST_TTL_SECONDS * NANOSECONDS})`);
}

function toToken(id: string): string {
  const [token = ""] = id.split(".");
  const digits = token.replaceAll("-", "");
  if (digits.length !== 2 * TOKEN_BYTES)
    throw refused(
      `parsing fileset.Token: too ${digits.length < 2 * TOKEN_BYTES ? "short" : "long"} to be Token len=${digits.length}`,
    );
  return digits;
}

/** What edits of no files at all leave. Within the transaction that keeps it. */
export function toFileSet(nodes: NodeStore, edits: readonly PlannedEdit[]): StoredFileSet {
  const added = edits.filter(({ entry }) => entry !== undefined);
  return { root: applyEdits(nodes, EMPTY_ROOT, added), deleted: edits.filter(({ replaces }) => replaces).map(({ key }) => key) };
}

/** What adding a file set does. */
export function* operationsOf(files: FileSet, deleted: readonly string[]): IterableIterator<FileOperation> {
  for (const key of deleted) yield { kind: "delete", ...fromKey(key) };
  for (const { path, tag, content } of files.files()) yield { kind: "append", path, tag, content };
}

/** What a commit did to the files that it started with. A file that it appended to counts as replaced. */
export function* operationsBetween(nodes: NodeStore, base: string, root: string): IterableIterator<FileOperation> {
  for (const { key, new: after } of diff(nodes, base, root)) {
    const { path, tag } = fromKey(key);
    yield { kind: "delete", path, tag };
    if (after !== undefined) yield { kind: "append", path, tag, content: fromEntry(after).content };
  }
}

/** Cuts the files into ranges that follow each other: each ends once it has so many files or bytes; 0 for pachd's own limits. */
export function shards(files: FileSet, limits: { readonly files: number; readonly bytes: number }): PathRange[] {
  const [mostFiles, mostBytes] = [limits.files || MOST_SHARD_FILES, limits.bytes || MOST_SHARD_BYTES];
  const ranges: PathRange[] = [];
  let [lower, last, count, bytes] = ["", "", 0, 0];
  for (const file of files.files()) {
    if (file.path !== last && (count >= mostFiles || bytes >= mostBytes)) {
      ranges.push({ lower, upper: file.path });
      [lower, count, bytes] = [file.path, 0, 0];
    }
    last = file.path;
    count += 1;
    bytes += file.bytes;
  }
  return [...ranges, { lower, upper: "" }];
}
