import { posix } from "node:path";
import type { AddFile__Output as AddFile } from "../../pachyderm/generated/pfs_v2/AddFile.ts";
import type { CopyFile__Output as CopyFile } from "../../pachyderm/generated/pfs_v2/CopyFile.ts";
import type { DeleteFile__Output as DeleteFile } from "../../pachyderm/generated/pfs_v2/DeleteFile.ts";
import type { ModifyFileRequest__Output as ModifyFileRequest } from "../../pachyderm/generated/pfs_v2/ModifyFileRequest.ts";
import { SMALL_CHUNK_BYTES, type StoredContent } from "../store/content-store.ts";
import { type FileOperation, Staging, tagOf } from "../files/edits.ts";
import { invalid, refused } from "../fault.ts";
import type { Hold } from "../store/hold.ts";
import { cleanPath } from "../pfs/names.ts";
import { PieceQueue } from "../store/piece-queue.ts";
import type { EngineState } from "../state.ts";
import type { UrlAccess } from "../urls/access.ts";
import { readUrl } from "../urls/urls.ts";
import { openFile } from "./file-view.ts";

const WAITING_BYTES = 4 * 1024 * 1024;

/** What a stream of changes needs to become operations. */
export interface ChangeStores {
  readonly state: EngineState;
  readonly urls: UrlAccess;
  readonly hold: Hold;
}

/** Reads all the changes of a stream, and stores what they bring, without changing anything. */
export async function readChanges(stores: ChangeStores, messages: AsyncIterable<ModifyFileRequest>): Promise<Staging> {
  const reader = new ChangeReader(stores);
  try {
    for await (const message of messages) {
      const busy = reader.take(message);
      if (busy !== undefined) await busy;
    }
    await reader.closeFile();
  } catch (error) {
    await reader.giveUp(error);
    throw error;
  }
  return reader.staging;
}

/** A file whose pieces are arriving: in memory while it is small, and else on their way into the store. */
interface OpenFile {
  readonly path: string | undefined;
  readonly datum: string | undefined;
  pieces: Uint8Array[];
  bytes: number;
  stored?: { readonly queue: PieceQueue; readonly content: Promise<StoredContent> };
}

class ChangeReader {
  readonly staging = new Staging();
  readonly #stores: ChangeStores;
  #file: OpenFile | undefined;
  #lastPath: { readonly given: string; readonly clean: string } | undefined;

  constructor(stores: ChangeStores) {
    this.#stores = stores;
  }

  /** Takes one message. Most are done at once, without a promise: there may be very many. */
  take({
    add_file: added,
    delete_file: deleted,
    copy_file: copied,
    set_commit: commit,
  }: ModifyFileRequest): Promise<void> | undefined {
    if (added !== undefined) return added.url === undefined ? this.#addPiece(added) : this.#addUrl(added);
    if (commit !== undefined) throw refused("cannot set commit");
    const busy = this.closeFile();
    if (busy !== undefined) return busy.then(() => this.#change(deleted, copied));
    this.#change(deleted, copied);
    return undefined;
  }

  /** Ends the file whose pieces came last. */
  closeFile(): Promise<void> | undefined {
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return undefined;
    if (file.stored === undefined) {
      const data = file.pieces.length === 1 ? file.pieces[0] : Buffer.concat(file.pieces);
      this.#append(file, this.#stores.state.content.writeSmall(data ?? Buffer.alloc(0), this.#stores.hold));
      return undefined;
    }
    file.stored.queue.end();
    return file.stored.content.then((content) => this.#append(file, content));
  }

  /** Waits until nothing is written any more, after the stream broke off. */
  async giveUp(reason: unknown): Promise<void> {
    const stored = this.#file?.stored;
    stored?.queue.end(reason);
    await Promise.allSettled([stored?.content]);
  }

  #change(deleted: DeleteFile | undefined, copied: CopyFile | undefined): void {
    if (deleted !== undefined) this.staging.add(this.#deletion(deleted));
    else if (copied !== undefined) this.staging.add(this.#copy(copied));
    else throw invalid("validate recv: a change is required");
  }

  /** Pieces that follow each other with one name are one file: it is stored in one go. */
  #addPiece({ path, datum, raw }: AddFile): Promise<void> | undefined {
    const value = raw?.value;
    const file = this.#file;
    if (file !== undefined && file.path === path && file.datum === datum) return this.#addTo(file, value);
    this.#clean(path ?? "");
    const busy = this.closeFile();
    this.#file = { path, datum, pieces: [], bytes: 0 };
    const adding = this.#addTo(this.#file, value);
    return busy === undefined ? adding : Promise.all([busy, adding]).then(() => undefined);
  }

  #addTo(file: OpenFile, piece: Uint8Array | undefined): Promise<void> | undefined {
    if (piece === undefined || piece.length === 0) return undefined;
    file.bytes += piece.length;
    if (file.stored === undefined) {
      file.pieces.push(piece);
      if (file.bytes <= SMALL_CHUNK_BYTES) return undefined;
      const queue = new PieceQueue(WAITING_BYTES);
      file.stored = { queue, content: this.#stores.state.content.write(queue, this.#stores.hold) };
      const pieces = file.pieces;
      file.pieces = [];
      return this.#push(file.stored, Buffer.concat(pieces));
    }
    return this.#push(file.stored, piece);
  }

  /** Waits until there is room for more, or until the store has failed. */
  async #push({ queue, content }: NonNullable<OpenFile["stored"]>, piece: Uint8Array): Promise<void> {
    await Promise.race([queue.push(piece), content]);
  }

  async #addUrl({ path = "", datum, url }: AddFile): Promise<void> {
    await this.closeFile();
    const { state, urls, hold } = this.#stores;
    for await (const { name, content } of readUrl(urls, url?.URL ?? "", url?.recursive ?? false)) {
      const clean = cleanPath(name === "" ? path : posix.join("/", path, name));
      this.staging.add({ kind: "append", path: clean, tag: tagOf(datum), content: await state.content.write(content, hold) });
    }
  }

  #append({ path = "", datum }: OpenFile, content: StoredContent): void {
    this.staging.add({ kind: "append", path: this.#clean(path), tag: tagOf(datum), content });
  }

  #deletion({ path = "", datum }: DeleteFile): FileOperation {
    const tag = tagOf(datum);
    if (/^\/+$/.test(path)) return { kind: "deleteDirectory", path: "/", tag };
    const clean = this.#clean(path);
    return path.endsWith("/") ? { kind: "deleteDirectory", path: `${clean}/`, tag } : { kind: "delete", path: clean, tag };
  }

  /** What is copied is what the source has now: not what this stream has changed there. */
  #copy({ dst = "", datum, src, append }: CopyFile): FileOperation {
    const path = /^\/+$/.test(dst) ? "/" : this.#clean(dst);
    using view = openFile(this.#stores.state, src);
    this.#stores.hold.keep(view.root);
    const from = src?.path ?? "/";
    if (path === "/" && view.files.find(from)?.type === "FILE") throw invalid("path (/) invalid: it is the root directory");
    return { kind: "copy", path, tag: tagOf(datum), append: append ?? false, source: view.files, from };
  }

  /** A file's path comes twice as a rule: to delete it, and to add it anew. */
  #clean(path: string): string {
    if (this.#lastPath?.given !== path) this.#lastPath = { given: path, clean: cleanPath(path) };
    return this.#lastPath.clean;
  }
}
