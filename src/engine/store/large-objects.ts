import { mkdirSync, rmSync, statSync } from "node:fs";
import { mkdir, open, opendir, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { basename, join } from "node:path";
import { StemmaError } from "../../lineage/errors.ts";
import { damagedObject } from "./content-chunk.ts";
import type { StoredChunk } from "./content-chunk.ts";
import { UNFINISHED, syncFolder, writeWhole } from "./durable-files.ts";
import { storageFault } from "./storage-fault.ts";

/** Gives memory for so many bytes. */
export type Allocate = (bytes: number) => Uint8Array;

export const newBuffer: Allocate = (bytes) => Buffer.allocUnsafe(bytes);

export const PIECE_BYTES = 2 * 1024 * 1024;
const FOLDER_NAME = /^[0-9a-f]{2}$/;
const OBJECT_NAME = /^[0-9a-f]{64}(\.part)?$/;

/** A file in the folder of objects. */
export interface ObjectFile {
  readonly path: string;
  /** The object that it holds; undefined where it was left unfinished. */
  readonly id: string | undefined;
  readonly bytes: number;
}

/** Objects as files, named by their ids, in folders named by the ids' first two digits. */
export class LargeObjects {
  readonly #folder: string;
  /** The objects that are being written: a second write of one waits for the first. */
  readonly #writing = new Map<string, Promise<void>>();
  /** The folders that are known to be on the disk, with all that was in them when this process began. */
  readonly #durableFolders = new Set<string>();

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.#folder = folder;
  }

  async put(id: string, data: Uint8Array): Promise<void> {
    const writing = this.#writing.get(id) ?? this.#write(id, data).finally(() => this.#writing.delete(id));
    this.#writing.set(id, writing);
    await writing;
  }

  async *read(chunk: StoredChunk, from: number, to: number, allocate: Allocate = newBuffer): AsyncGenerator<Uint8Array> {
    await using file = await this.#open(chunk);
    const { size } = await file.stat();
    if (size !== chunk.bytes) throw damagedObject(chunk, size);
    for (let start = from; start < to; start += PIECE_BYTES) {
      const piece = allocate(Math.min(PIECE_BYTES, to - start));
      const { bytesRead } = await file.read(piece, 0, piece.length, start);
      if (bytesRead !== piece.length) throw damagedObject(chunk, start + bytesRead);
      yield piece;
    }
  }

  sizeOf(id: string): number | undefined {
    return statSync(this.#fileOf(id), { throwIfNoEntry: false })?.size;
  }

  /** All objects that are there, in no order, but for those that are being written. */
  async *files(): AsyncGenerator<ObjectFile> {
    for await (const folder of await opendir(this.#folder)) {
      if (!folder.isDirectory() || !FOLDER_NAME.test(folder.name)) continue;
      for await (const { name } of await opendir(join(this.#folder, folder.name))) {
        if (!OBJECT_NAME.test(name)) continue;
        const path = join(this.#folder, folder.name, name);
        const bytes = await sizeOf(path);
        if (bytes === undefined || this.#isBeingWritten(path)) continue;
        yield { path, id: name.endsWith(UNFINISHED) ? undefined : name, bytes };
      }
    }
  }

  /** At once: nobody can find the object between the caller's look at what is needed and this. */
  remove({ path }: ObjectFile): void {
    if (!this.#isBeingWritten(path)) rmSync(path, { force: true });
  }

  #isBeingWritten(path: string): boolean {
    return this.#writing.has(basename(path, UNFINISHED));
  }

  async #open(chunk: StoredChunk): Promise<FileHandle> {
    try {
      return await open(this.#fileOf(chunk.id), "r");
    } catch (error) {
      if (isMissing(error)) throw damagedObject(chunk, undefined);
      throw error;
    }
  }

  async #write(id: string, data: Uint8Array): Promise<void> {
    try {
      const folder = join(this.#folder, id.slice(0, 2));
      await this.#makeDurable(folder);
      if (await this.#holds(id, data)) return;
      await writeWhole(this.#fileOf(id), data);
      await syncFolder(folder);
    } catch (error) {
      throw storageFault(error) ?? cannotStore(error);
    }
  }

  /** Whether the object is there, byte for byte: one that is damaged is written anew. */
  async #holds(id: string, data: Uint8Array): Promise<boolean> {
    try {
      let at = 0;
      for await (const piece of this.read({ id, bytes: data.length }, 0, data.length)) {
        if (Buffer.compare(data.subarray(at, at + piece.length), piece) !== 0) return false;
        at += piece.length;
      }
      return true;
    } catch (error) {
      if (error instanceof StemmaError && error.code === "INTEGRITY") return false;
      throw error;
    }
  }

  async #makeDurable(folder: string): Promise<void> {
    if (this.#durableFolders.has(folder)) return;
    await mkdir(folder, { recursive: true });
    await syncFolder(folder);
    await syncFolder(this.#folder);
    this.#durableFolders.add(folder);
  }

  #fileOf(id: string): string {
    return join(this.#folder, id.slice(0, 2), id);
  }
}

function cannotStore(error: unknown): StemmaError {
  const why = error instanceof Error ? error.message : String(error);
  return new StemmaError("FAILED", `cannot store content: ${why}`, { cause: error });
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
