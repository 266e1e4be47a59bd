import type { EgressRequest__Output as EgressRequest } from "../../pachyderm/generated/pfs_v2/EgressRequest.ts";
import type { EgressResponse } from "../../pachyderm/generated/pfs_v2/EgressResponse.ts";
import type { GetFileRequest__Output as GetFileRequest } from "../../pachyderm/generated/pfs_v2/GetFileRequest.ts";
import { commitText } from "../pfs/commits.ts";
import type { StoredContent } from "../store/content-store.ts";
import { PIECE_BYTES } from "../store/large-objects.ts";
import { ofFile } from "../files/damaged-file.ts";
import { invalid, refused, unimplemented, within } from "../fault.ts";
import type { FileNode } from "../files/file-set.ts";
import type { EngineState } from "../state.ts";
import { END_OF_TAR, tarHeader, tarPadding } from "../files/tar.ts";
import type { UrlAccess } from "../urls/access.ts";
import { writeToUrl } from "../urls/urls.ts";
import { allocateValue } from "./bytes-value.ts";
import { type FileView, fileNotFound, openFile, toPathRange } from "./file-view.ts";

/** Smaller pieces of a tar file are gathered until there are so many bytes. */
const TAR_PIECE_BYTES = 256 * 1024;

interface Piece {
  readonly value: Uint8Array;
}

/** The bytes of the one regular file that the path, which may be a pattern, matches. */
export async function* getFile(state: EngineState, urls: UrlAccess, request: GetFileRequest): AsyncIterableIterator<Piece> {
  const offset = Number(request.offset ?? 0);
  if (offset < 0) throw invalid(`the offset ${offset} is before the beginning of the file`);
  using view = within("get file", () => openFile(state, request.file));
  if (request.URL) {
    await writeToUrl(state, selected(view, request), request.URL, urls);
    return;
  }
  const { path, content } = onlyFile(selected(view, request));
  const buffers = new TwoBuffers();
  const pieces = state.content.read(content, offset, content.bytes, (bytes) => buffers.take(bytes));
  for await (const value of oneAhead(ofFile({ path, of: nameOf(state, view) }, pieces))) yield { value };
}

/** Memory for two pieces in turn: one that is on its way to the client, one that is being read. */
class TwoBuffers {
  readonly #buffers: Uint8Array[] = [];
  #turn = 0;

  take(bytes: number): Uint8Array {
    this.#turn = 1 - this.#turn;
    return (this.#buffers[this.#turn] ??= allocateValue(PIECE_BYTES)).subarray(0, bytes);
  }
}

/** Asks for the next item before it gives one. */
async function* oneAhead<Item>(items: AsyncGenerator<Item>): AsyncIterableIterator<Item> {
  let next = items.next();
  try {
    for (let { done, value } = await next; done !== true; { done, value } = await next) {
      next = items.next();
      // It is awaited only when it is asked for: until then a failure is not unhandled.
      next.catch(() => undefined);
      yield value;
    }
  } finally {
    await Promise.allSettled([next]);
    await items.return(undefined);
  }
}

/** All that the path matches, with everything below the directories, as a tar file (USTAR). */
export async function* getFileTar(state: EngineState, urls: UrlAccess, request: GetFileRequest): AsyncIterableIterator<Piece> {
  using view = openFile(state, request.file);
  if (request.URL) await writeToUrl(state, selected(view, request), request.URL, urls);
  else yield* gathered(tarPieces(state, view, selected(view, request)));
}

/** Writes all files of a commit to an object store. */
export async function egress(state: EngineState, urls: UrlAccess, request: EgressRequest): Promise<EgressResponse> {
  if (request.sql_database !== undefined)
    throw unimplemented("the embedded engine does not write to SQL databases: use object_storage with a file: or s3: URL");
  if (request.object_storage === undefined) throw refused("egress failed");
  const file = { path: "/", ...(request.commit && { commit: request.commit }) };
  using view = openFile(state, file);
  const bytes = await writeToUrl(state, selected(view, { file }), request.object_storage.url ?? "", urls);
  return { object_storage: { bytes_written: String(bytes) } };
}

/** What a request means, none left out; throws NOT_FOUND where that is nothing. */
function* selected({ files }: FileView, { file, path_range: range }: GetFileRequest): IterableIterator<FileNode> {
  let isEmpty = true;
  for (const node of files.select(file?.path || "/", toPathRange(range))) {
    isEmpty = false;
    yield node;
  }
  if (isEmpty) throw fileNotFound(file);
}

function onlyFile(nodes: Iterable<FileNode>): { readonly path: string; readonly content: StoredContent } {
  let found: { readonly path: string; readonly content: StoredContent } | undefined;
  for (const { path, content } of nodes) {
    if (content === undefined) throw refused("cannot get directory or non-regular file. Use GetFileTAR instead");
    if (found !== undefined) throw refused("matched multiple files. Use GetFileTAR instead");
    found = { path, content };
  }
  if (found === undefined) throw new Error("a file vanished while it was looked for");
  return found;
}

function nameOf({ db }: EngineState, { row }: FileView): string {
  return row === undefined ? "a file set" : commitText(db, row);
}

async function* tarPieces(state: EngineState, view: FileView, nodes: Iterable<FileNode>): AsyncIterableIterator<Uint8Array> {
  for (const { path, content } of nodes) {
    const bytes = content?.bytes ?? 0;
    yield tarHeader(path, bytes);
    if (content !== undefined) yield* ofFile({ path, of: nameOf(state, view) }, state.content.read(content));
    yield tarPadding(bytes);
  }
  yield END_OF_TAR;
}

async function* gathered(pieces: AsyncIterable<Uint8Array>): AsyncIterableIterator<Piece> {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    waiting.push(piece);
    bytes += piece.length;
    if (bytes < TAR_PIECE_BYTES) continue;
    yield { value: Buffer.concat(waiting) };
    waiting = [];
    bytes = 0;
  }
  if (bytes > 0) yield { value: Buffer.concat(waiting) };
}
