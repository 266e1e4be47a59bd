import type { DiffFileRequest__Output as DiffFileRequest } from "../../pachyderm/generated/pfs_v2/DiffFileRequest.ts";
import type { DiffFileResponse } from "../../pachyderm/generated/pfs_v2/DiffFileResponse.ts";
import type { FileInfo } from "../../pachyderm/generated/pfs_v2/FileInfo.ts";
import type { GlobFileRequest__Output as GlobFileRequest } from "../../pachyderm/generated/pfs_v2/GlobFileRequest.ts";
import type { InspectFileRequest__Output as InspectFileRequest } from "../../pachyderm/generated/pfs_v2/InspectFileRequest.ts";
import type { ListFileRequest__Output as ListFileRequest } from "../../pachyderm/generated/pfs_v2/ListFileRequest.ts";
import { type CommitRow, commitById } from "../commits.ts";
import { invalid, notFound } from "../fault.ts";
import type { FileNode, FileSet } from "../file-set.ts";
import { resolveCommit } from "../resolve-commit.ts";
import type { EngineState } from "../state.ts";
import { EMPTY_ROOT, diff } from "../tree.ts";
import { fileNotFound, open } from "./read-file.ts";
import { toCommitKey, toFileInfo } from "./wire.ts";

const MOST_IN_ONE_PAGE = 100_000;

export function inspectFile(state: EngineState, request: InspectFileRequest): FileInfo {
  const { commit, files, path } = open(state, request);
  const [node] = files.at(path);
  if (node === undefined) throw fileNotFound(state, commit, path);
  return toFileInfo(state, commit, node);
}

/** A directory's immediate children, or the file itself. Nothing at that path is an empty list. */
export function* listFile(state: EngineState, request: ListFileRequest): IterableIterator<FileInfo> {
  const { commit, files, path } = open(state, request);
  const nodes = files
    .at(path)
    .values()
    .flatMap((node) => (node.type === "DIR" ? files.children(node.path) : [node]));
  for (const node of page(nodes, request)) yield toFileInfo(state, commit, node);
}

/** A directory and everything below it, depth first. */
export function* walkFile(state: EngineState, request: ListFileRequest): IterableIterator<FileInfo> {
  const { commit, files, path } = open(state, request);
  const start = files.at(path);
  if (start.length === 0)
    throw notFound(`${fileNotFound(state, commit, path).message}: the commit does not contain item ${path}`);
  for (const node of page(walkFrom(files, start), request)) yield toFileInfo(state, commit, node);
}

function* walkFrom(files: FileSet, start: readonly FileNode[]): IterableIterator<FileNode> {
  for (const node of start) {
    yield node;
    if (node.type === "DIR") yield* files.walk(node.path);
  }
}

export function* globFile(state: EngineState, request: GlobFileRequest): IterableIterator<FileInfo> {
  const commit = resolveCommit(state.db, toCommitKey(request.commit));
  const { lower = "", upper = "" } = request.path_range ?? {};
  for (const node of state.files(commit.root).glob(request.pattern || "/")) {
    if (node.path >= lower && (upper === "" || node.path < upper)) yield toFileInfo(state, commit, node);
  }
}

/** Strictly after the marker, at most `number`; in reverse, before it and backwards. */
function* page(nodes: Iterable<FileNode>, request: ListFileRequest): IterableIterator<FileNode> {
  const number = Number(request.number ?? 0);
  const marker = request.paginationMarker?.path || undefined;
  if (number > MOST_IN_ONE_PAGE) throw invalid(`cannot return more than ${MOST_IN_ONE_PAGE} files at a time`);
  if (request.reverse && number === 0) throw invalid("number must be > 0 when reverse is set");
  let left = number === 0 ? Number.POSITIVE_INFINITY : number;
  const ordered = request.reverse ? [...nodes].toReversed() : nodes;
  for (const node of ordered) {
    if (marker !== undefined && (request.reverse ? node.path >= marker : node.path <= marker)) continue;
    if (left <= 0) return;
    left -= 1;
    yield node;
  }
}

/**
 * What differs between a path in two commits, files and the directories above them. Without an old file it is the same path
 * in the parent commit, or nothing.
 */
export function* diffFile(state: EngineState, request: DiffFileRequest): IterableIterator<DiffFileResponse> {
  const after = open(state, { file: request.new_file });
  const before =
    request.old_file === undefined
      ? parentOf(state, after.commit)
      : resolveCommit(state.db, toCommitKey(request.old_file.commit));
  const oldFiles = state.files(before?.root ?? EMPTY_ROOT);
  const oldPrefix = request.old_file?.path || after.path;
  if (oldPrefix !== after.path) throw invalid("the embedded engine compares the same path in two commits");
  for (const path of changedPaths(state, oldFiles.root, after.files.root, after.path)) {
    const [newNode] = after.files.at(path);
    const [oldNode] = oldFiles.at(path);
    if (newNode?.hash === oldNode?.hash) continue;
    yield {
      new_file: newNode === undefined ? null : toFileInfo(state, after.commit, newNode),
      old_file: oldNode === undefined || before === undefined ? null : toFileInfo(state, before, oldNode),
    };
  }
}

function parentOf(state: EngineState, commit: CommitRow): CommitRow | undefined {
  return commit.parent === null ? undefined : commitById(state.db, commit.parent);
}

/** The changed files below a path, and the directories on the way to them, in path order. */
function changedPaths(state: EngineState, oldRoot: string, newRoot: string, within: string): string[] {
  const inside = within === "/" ? "/" : `${within.replace(/\/$/, "")}/`;
  const paths = new Set<string>();
  for (const { key } of diff(state.nodes, oldRoot, newRoot)) {
    const path = key.split("\0")[0] ?? "";
    if (!path.startsWith(inside) && path !== within) continue;
    paths.add(path);
    for (let end = inside.length; end > 0; end = path.indexOf("/", end) + 1) paths.add(path.slice(0, end));
  }
  return [...paths].sort();
}
