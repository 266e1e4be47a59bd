import type { DiffFileRequest__Output as DiffFileRequest } from "../../pachyderm/generated/pfs_v2/DiffFileRequest.ts";
import type { DiffFileResponse } from "../../pachyderm/generated/pfs_v2/DiffFileResponse.ts";
import type { FileInfo } from "../../pachyderm/generated/pfs_v2/FileInfo.ts";
import type { GlobFileRequest__Output as GlobFileRequest } from "../../pachyderm/generated/pfs_v2/GlobFileRequest.ts";
import type { InspectFileRequest__Output as InspectFileRequest } from "../../pachyderm/generated/pfs_v2/InspectFileRequest.ts";
import type { ListFileRequest__Output as ListFileRequest } from "../../pachyderm/generated/pfs_v2/ListFileRequest.ts";
import { commitById } from "../pfs/commits.ts";
import { invalid, notFound, refused } from "../fault.ts";
import { below, fromKey } from "../files/file-entry.ts";
import { ALL_PATHS, type FileNode, type FileSet, type PathRange, cleanQuery } from "../files/file-set.ts";
import type { EngineState } from "../state.ts";
import { diff } from "../tree/tree.ts";
import { type FileView, fileNotFound, openCommit, openFile, openRow, toFileInfo, toPathRange } from "./file-view.ts";

const MOST_IN_ONE_PAGE = 100_000;

export function inspectFile(state: EngineState, { file }: InspectFileRequest): FileInfo {
  using view = openFile(state, file);
  const node = view.files.find(file?.path ?? "/");
  if (node === undefined) throw fileNotFound(file);
  return toFileInfo(view, node);
}

/** A directory's immediate children, or the file itself. Nothing at that path is an empty list. */
export function* listFile(state: EngineState, request: ListFileRequest): IterableIterator<FileInfo> {
  const page = toPage(request);
  using view = openFile(state, request.file);
  for (const node of cut(view.files.list(request.file?.path ?? "/", page.range), page)) yield toFileInfo(view, node);
}

/** A directory and everything below it, depth first. Nothing in an empty commit. */
export function* walkFile(state: EngineState, request: ListFileRequest): IterableIterator<FileInfo> {
  const page = toPage(request);
  using view = openFile(state, request.file);
  const path = cleanQuery(request.file?.path ?? "/");
  if (path !== "/" && view.files.find(path) === undefined)
    throw notFound(`commit/${view.commit.id ?? ""} does not contain item: (${path})`);
  for (const node of cut(view.files.walk(path, page.range), page)) yield toFileInfo(view, node);
}

export function* globFile(state: EngineState, request: GlobFileRequest): IterableIterator<FileInfo> {
  using view = openCommit(state, request.commit);
  for (const node of view.files.glob(request.pattern ?? "/", toPathRange(request.path_range))) yield toFileInfo(view, node);
}

/** A part of a listing: what comes after the marker, or before it and backwards. */
interface Page {
  readonly range: PathRange;
  readonly marker: string | undefined;
  readonly number: number;
  readonly reverse: boolean;
}

function toPage({ paginationMarker, number, reverse = false }: ListFileRequest): Page {
  const most = Number(number ?? 0);
  if (most === 0 && reverse) throw refused("number must be > 0 when reverse is true");
  if (most < 0) throw invalid(`cannot return ${most} files`);
  if (most > MOST_IN_ONE_PAGE) throw refused(`cannot return more than ${MOST_IN_ONE_PAGE} files at a time`);
  const marker = paginationMarker === undefined ? undefined : (paginationMarker.path ?? "");
  const range = marker === undefined ? ALL_PATHS : reverse ? { lower: "", upper: marker } : { lower: marker, upper: "" };
  return {
    range,
    marker: marker === undefined ? undefined : cleanQuery(marker),
    number: most || Number.POSITIVE_INFINITY,
    reverse,
  };
}

function cut(nodes: IterableIterator<FileNode>, page: Page): Iterable<FileNode> {
  const behind = withoutMarker(nodes, page);
  return page.reverse ? lastOf(behind, page.number).toReversed() : firstOf(behind, page.number);
}

function* withoutMarker(nodes: Iterable<FileNode>, { marker }: Page): IterableIterator<FileNode> {
  for (const node of nodes) if (marker === undefined || cleanQuery(node.path) !== marker) yield node;
}

function* firstOf(nodes: Iterable<FileNode>, number: number): IterableIterator<FileNode> {
  let given = 0;
  for (const node of nodes) {
    yield node;
    given += 1;
    if (given >= number) return;
  }
}

function lastOf(nodes: Iterable<FileNode>, number: number): FileNode[] {
  const found: FileNode[] = [];
  for (const node of nodes) {
    found.push(node);
    if (found.length >= 2 * number) found.splice(0, number);
  }
  return found.slice(-number);
}

/**
 * What differs between two paths, files and directories, by their whole paths. Without an old file it is the same path in the
 * parent commit, or nothing.
 */
export function* diffFile(
  state: EngineState,
  { new_file: file, old_file: oldFile }: DiffFileRequest,
): IterableIterator<DiffFileResponse> {
  using after = openFile(state, file);
  using before = oldFile === undefined ? openParent(state, after) : openFile(state, oldFile);
  const [path, oldPath] = [cleanQuery(file?.path ?? "/"), cleanQuery((oldFile ?? file)?.path ?? "/")];
  const differences =
    before !== undefined && oldPath === path && !file?.datum && !oldFile?.datum
      ? changed(state, before.files, after.files, path)
      : merged(before?.files.walk(oldPath) ?? [], after.files.walk(path));
  for (const [oldNode, newNode] of differences) {
    if (oldNode?.hash === newNode?.hash) continue;
    yield {
      new_file: newNode === undefined ? null : toFileInfo(after, newNode),
      old_file: oldNode === undefined || before === undefined ? null : toFileInfo(before, oldNode),
    };
  }
}

function openParent(state: EngineState, { row }: FileView): FileView | undefined {
  return row === undefined || row.parent === null ? undefined : openRow(state, commitById(state.db, row.parent));
}

type Pair = readonly [before: FileNode | undefined, after: FileNode | undefined];

/** The files below a path that differ, and the directories on the way to them: all else is not read. */
function* changed(state: EngineState, before: FileSet, after: FileSet, within: string): IterableIterator<Pair> {
  const inside = within === "/" ? "/" : `${within}/`;
  let open: readonly string[] = [];
  let last = "";
  for (const { key } of diff(state.nodes, before.root, after.root, { from: within, before: below(inside).before })) {
    const { path } = fromKey(key);
    if (path === last || (path !== within && !path.startsWith(inside))) continue;
    last = path;
    const directories = directoriesOn(path, inside);
    for (const [level, directory] of directories.entries())
      if (directory !== open[level]) yield [find(before, directory), find(after, directory)];
    open = directories;
    yield [find(before, path), find(after, path)];
  }
}

/** The directories that a file lies in, from one of them on, outermost first. */
function directoriesOn(path: string, outermost: string): string[] {
  const found: string[] = [];
  if (path.startsWith(outermost))
    for (let end = outermost.length; end > 0; end = path.indexOf("/", end) + 1) found.push(path.slice(0, end));
  return found;
}

/** A directory may have become a file. */
function find(files: FileSet, path: string): FileNode | undefined {
  const node = files.find(path);
  return node?.path === path ? node : undefined;
}

function* merged(before: Iterable<FileNode>, after: Iterable<FileNode>): IterableIterator<Pair> {
  const [olds, news] = [before[Symbol.iterator](), after[Symbol.iterator]()];
  let [old, current] = [olds.next(), news.next()];
  while (old.done !== true || current.done !== true) {
    const order = old.done === true ? 1 : current.done === true ? -1 : compare(old.value.path, current.value.path);
    yield [order <= 0 ? old.value : undefined, order >= 0 ? current.value : undefined];
    if (order <= 0) old = olds.next();
    if (order >= 0) current = news.next();
  }
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
