import { pipeline } from "node:stream/promises";
import { pack } from "tar-stream";
import type { GetFileRequest__Output as GetFileRequest } from "../../pachyderm/generated/pfs_v2/GetFileRequest.ts";
import type { CommitRow } from "../commits.ts";
import { notFound, refused, unimplemented } from "../fault.ts";
import type { FileNode, FileSet } from "../file-set.ts";
import { repoText } from "../names.ts";
import { repoById } from "../repos.ts";
import { resolveCommit } from "../resolve-commit.ts";
import type { EngineState } from "../state.ts";
import { toCommitKey } from "./wire.ts";

interface Piece {
  readonly value: Uint8Array;
}

/** The bytes of the one regular file that the path, which may be a pattern, matches. */
export async function* getFile(state: EngineState, request: GetFileRequest): AsyncIterableIterator<Piece> {
  if (request.URL) throw unimplemented("the embedded engine does not write to URLs; read the file and put it there");
  const { commit, files, path } = open(state, request);
  const matches = [...files.glob(path)];
  const [node] = matches;
  if (node === undefined) throw fileNotFound(state, commit, path);
  if (matches.length > 1) throw refused("matched multiple files. Use GetFileTAR instead");
  if (node.content === undefined) throw refused("cannot get directory or non-regular file. Use GetFileTAR instead");
  for await (const value of state.content.read(node.content, Number(request.offset ?? 0))) yield { value };
}

/** All that the path matches, with everything below the directories, as a tar file (USTAR). */
export async function* getFileTar(state: EngineState, request: GetFileRequest): AsyncIterableIterator<Piece> {
  if (request.URL) throw unimplemented("the embedded engine does not write to URLs; read the files and put them there");
  const { commit, files, path } = open(state, request);
  const inRange = rangeFilter(request);
  const nodes = expanded(files, path, inRange);
  const first = nodes.next();
  if (first.done === true) throw fileNotFound(state, commit, path);
  const tar = pack();
  const filling = fill(state, tar, first.value, nodes).catch((error: Error) => tar.destroy(error));
  for await (const value of tar) yield { value: value as Uint8Array };
  await filling;
}

async function fill(state: EngineState, tar: ReturnType<typeof pack>, first: FileNode, rest: Iterable<FileNode>): Promise<void> {
  await addToTar(state, tar, first);
  for (const node of rest) await addToTar(state, tar, node);
  tar.finalize();
}

function addToTar(state: EngineState, tar: ReturnType<typeof pack>, node: FileNode): Promise<void> {
  return new Promise((resolve, reject) => {
    const header = {
      name: node.path,
      size: node.content?.bytes ?? 0,
      mode: 0,
      mtime: new Date(0),
      type: node.type === "DIR" ? "directory" : "file",
    } as const;
    const entry = tar.entry(header, (error) => (error ? reject(error) : resolve()));
    if (node.content === undefined) entry.end(Buffer.alloc(0));
    else pipeline(state.content.read(node.content), entry).catch(reject);
  });
}

function* expanded(files: FileSet, path: string, inRange: (path: string) => boolean): IterableIterator<FileNode> {
  let insideOf: string | undefined;
  for (const node of files.glob(path)) {
    if (insideOf !== undefined && node.path.startsWith(insideOf)) continue;
    if (inRange(node.path)) yield node;
    if (node.type === "FILE") continue;
    insideOf = node.path;
    for (const below of files.walk(node.path)) if (inRange(below.path)) yield below;
  }
}

function rangeFilter({ path_range: range }: GetFileRequest): (path: string) => boolean {
  const { lower = "", upper = "" } = range ?? {};
  return (path) => path >= lower && (upper === "" || path < upper);
}

export function open(
  state: EngineState,
  request: { readonly file?: GetFileRequest["file"] },
): { commit: CommitRow; files: FileSet; path: string } {
  const commit = resolveCommit(state.db, toCommitKey(request.file?.commit));
  return { commit, files: state.files(commit.root), path: request.file?.path || "/" };
}

export function fileNotFound(state: EngineState, commit: CommitRow, path: string): Error {
  const absolute = path.startsWith("/") ? path : `/${path}`;
  return notFound(`file ${absolute} not found in repo ${repoText(repoById(state.db, commit.repo))} at commit ${commit.set_id}`);
}
