import type { DataDifference, FileChange } from "../lineage/diff/files.ts";
import type { FileEntry } from "../lineage/diff/merge-files.ts";
import { StemmaError } from "../lineage/errors.ts";
import type { CommitIdentity } from "../lineage/urn.ts";
import { formatUrn, parseUrn } from "../lineage/urn.ts";
import type { Gap } from "../lineage/answer.ts";
import { isTable } from "./csv-rows.ts";
import type { DataSource, FilesOf } from "./diff-files.ts";
import { diffFiles, queryOf } from "./diff-files.ts";
import { diffRows } from "./diff-rows.ts";
import type { DiffSide } from "./diff-sides.ts";

export interface DiffOptions {
  /** How many files of each kind, and how many rows of a table on each side, are listed; 0 for all. */
  readonly limit: number;
  /** Whether to count equal files, too. */
  readonly all: boolean;
  /** Whether to compare the rows of tables that changed. */
  readonly rows: boolean;
}

type Note = (gap: Gap) => void;

interface Pair {
  readonly role: DataDifference["role"];
  readonly before: FilesOf | undefined;
  readonly after: FilesOf | undefined;
}

/** How the data of two sides differs: that of two commits, and that which was read, repo by repo. */
export async function diffData(
  source: DataSource,
  before: DiffSide,
  after: DiffSide,
  options: DiffOptions,
  note: Note,
): Promise<readonly DataDifference[]> {
  const found: DataDifference[] = [];
  for (const pair of pairsOf(before, after)) {
    try {
      found.push(await withRows(source, await diffFiles(source, pair.role, pair.before, pair.after, options), options));
    } catch (error) {
      if (!(error instanceof StemmaError)) throw error;
      const at = (pair.after ?? pair.before)?.commit;
      if (at !== undefined) note({ at: formatUrn(at), why: `its files cannot be compared: ${error.message}`, effect: "missing" });
    }
  }
  return found;
}

function whole(commit: CommitIdentity | undefined): FilesOf | undefined {
  return commit === undefined ? undefined : { commit, paths: ["/"] };
}

function pairsOf(before: DiffSide, after: DiffSide): readonly Pair[] {
  const both = before.content !== undefined && after.content !== undefined;
  const content: Pair = { role: "content", before: whole(before.content), after: whole(after.content) };
  return [...(both ? [content] : []), ...pairByRepo(before.inputs, after.inputs)];
}

/** Inputs of the same repo belong together, the first with the first. */
function pairByRepo(before: readonly FilesOf[], after: readonly FilesOf[]): readonly Pair[] {
  const [old, now] = [before, after].map((inputs) => Map.groupBy(inputs, ({ commit }) => `${commit.project}/${commit.repo}`));
  const repos = [...new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])].sort();
  return repos.flatMap((repo) => {
    const [left, right] = [old?.get(repo) ?? [], now?.get(repo) ?? []];
    const count = Math.max(left.length, right.length);
    return Array.from({ length: count }, (_, at): Pair => ({ role: "input", before: left[at], after: right[at] }));
  });
}

async function withRows(source: DataSource, data: DataDifference, { rows, limit }: DiffOptions): Promise<DataDifference> {
  const [before, after] = [commitOf(data.before), commitOf(data.after)];
  if (!rows || before === undefined || after === undefined) return data;
  const files: FileChange[] = [];
  for (const file of data.files) files.push(await compareRows(source, file, { before, after }, limit));
  return { ...data, files };
}

async function compareRows(
  source: DataSource,
  change: FileChange,
  commits: { readonly before: CommitIdentity; readonly after: CommitIdentity },
  limit: number,
): Promise<FileChange> {
  const { kind, before, after } = change;
  if (kind !== "changed" || before === undefined || after === undefined || !isTable(after.path)) return change;
  const read =
    (commit: CommitIdentity, { path }: FileEntry) =>
    () =>
      source.readFile(queryOf(commit), path);
  const bytes = { before: read(commits.before, before), after: read(commits.after, after) };
  return { ...change, rows: await diffRows(after.path, bytes, limit) };
}

function commitOf(urn: DataDifference["before"]): CommitIdentity | undefined {
  const identity = urn === undefined ? undefined : parseUrn(urn);
  return identity?.kind === "commit" ? identity : undefined;
}
