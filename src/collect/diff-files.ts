import { StemmaError } from "../lineage/errors.ts";
import type { DataDifference } from "../lineage/diff/files.ts";
import { FileTally } from "../lineage/diff/files.ts";
import type { FileEntry, FilePair } from "../lineage/diff/merge-files.ts";
import { comparePaths, mergeFiles } from "../lineage/diff/merge-files.ts";
import type { CommitIdentity } from "../lineage/urn.ts";
import { formatUrn } from "../lineage/urn.ts";
import type { PachydermClient } from "../pachyderm/client.ts";
import type { CommitQuery, FileInfo } from "../pachyderm/types.ts";
import { commitName } from "./nodes.ts";
import type { PachydermSource } from "./ports.ts";

/** What comparing data asks of Pachyderm. A server of today's also tells by itself what differs. */
export type DataSource = Pick<PachydermSource, "walkFiles" | "readFile" | "inspectCommit"> &
  Partial<Pick<PachydermClient, "diffFiles">>;

/** Files of one commit: some that are known already, or all below some paths; `["/"]` is everything. */
export interface FilesOf {
  readonly commit: CommitIdentity;
  readonly files?: readonly FileEntry[] | undefined;
  readonly paths: readonly string[];
}

export interface DataOptions {
  /** How many files of each kind to list; 0 for all. */
  readonly limit: number;
  /** Whether to count what is equal, too. */
  readonly all: boolean;
}

/** How the files of two commits differ; those of a commit alone are all added, or removed. */
export async function diffFiles(
  source: DataSource,
  role: DataDifference["role"],
  before: FilesOf | undefined,
  after: FilesOf | undefined,
  { limit, all }: DataOptions,
): Promise<DataDifference> {
  const place = { role, before: before && formatUrn(before.commit), after: after && formatUrn(after.commit) };
  if (place.before === place.after && isWhole(before) && isWhole(after)) return new FileTally(limit).conclude(place, false);
  const told = all ? undefined : await tellByServer(source, before, after, new FileTally(limit));
  if (told !== undefined) return told.conclude(place, false);
  const tally = new FileTally(limit);
  for await (const pair of mergeFiles(list(source, before), list(source, after))) tally.take(pair);
  return tally.conclude(place, true);
}

/** What the server says that differs; undefined when it cannot be asked that. It reads less than two walks do. */
async function tellByServer(
  source: DataSource,
  before: FilesOf | undefined,
  after: FilesOf | undefined,
  tally: FileTally,
): Promise<FileTally | undefined> {
  if (source.diffFiles === undefined || before === undefined || after === undefined) return undefined;
  if (!isWhole(before) || !isWhole(after) || !isSameRepo(before.commit, after.commit)) return undefined;
  try {
    for await (const { older, newer } of source.diffFiles(queryOf(before.commit), queryOf(after.commit), "/"))
      tally.take(pairOf(older, newer));
    return tally;
  } catch (error) {
    // A server without the call, or one that has no root to compare in an empty commit: the walk below tells the two apart.
    if (error instanceof StemmaError && (error.code === "UNSUPPORTED" || error.code === "NOT_FOUND")) return undefined;
    throw error;
  }
}

function pairOf(older: FileInfo | undefined, newer: FileInfo | undefined): FilePair {
  return { before: toEntry(older), after: toEntry(newer) };
}

/** Undefined for a directory. */
function toEntry(info: FileInfo | undefined): FileEntry | undefined {
  return info?.type === "FILE" ? { path: info.path, sizeBytes: info.sizeBytes, hash: info.hash } : undefined;
}

async function* list(source: DataSource, files: FilesOf | undefined): AsyncGenerator<FileEntry, void, undefined> {
  if (files === undefined) return;
  if (files.files !== undefined) yield* files.files.toSorted((a, b) => comparePaths(a.path, b.path));
  else for (const path of files.paths.toSorted(comparePaths)) yield* walkFrom(source, files.commit, path);
}

async function* walkFrom(source: DataSource, commit: CommitIdentity, path: string): AsyncGenerator<FileEntry, void, undefined> {
  try {
    for await (const info of source.walkFiles(queryOf(commit), path)) {
      const entry = toEntry(info);
      if (entry !== undefined) yield entry;
    }
  } catch (error) {
    if (!(error instanceof StemmaError) || error.code !== "NOT_FOUND") throw error;
    // An empty commit has no root to walk from. When it is the commit that is not there, this rejects.
    await source.inspectCommit(queryOf(commit));
  }
}

function isWhole(files: FilesOf | undefined): boolean {
  return files !== undefined && files.files === undefined && files.paths.includes("/");
}

function isSameRepo(a: CommitIdentity, b: CommitIdentity): boolean {
  return a.project === b.project && a.repo === b.repo && a.type === b.type;
}

export function queryOf(commit: CommitIdentity): CommitQuery {
  const { repo, id } = commitName(commit);
  return { repo, at: id };
}
