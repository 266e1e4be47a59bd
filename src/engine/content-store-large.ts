import { mkdirSync } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { StemmaError } from "../lineage/errors.ts";
import { damagedObject } from "./content-store-chunk.ts";
import type { StoredChunk } from "./content-store-chunk.ts";

const PIECE_BYTES = 2 * 1024 * 1024;

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

  async *read(chunk: StoredChunk, from: number, to: number): AsyncGenerator<Uint8Array> {
    await using file = await this.#open(chunk);
    const { size } = await file.stat();
    if (size !== chunk.bytes) throw damagedObject(chunk, size);
    for (let start = from; start < to; start += PIECE_BYTES) {
      const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, to - start));
      const { bytesRead } = await file.read(piece, 0, piece.length, start);
      if (bytesRead !== piece.length) throw damagedObject(chunk, start + bytesRead);
      yield piece;
    }
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
      if ((await sizeOf(this.#fileOf(id))) === data.length) return;
      await writeWhole(this.#fileOf(id), data);
      await syncFolder(folder);
    } catch (error) {
      throw new StemmaError("FAILED", `cannot store content: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
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

/** Gives the file its name only once its bytes are on the disk: whoever finds it finds it whole. */
async function writeWhole(path: string, data: Uint8Array): Promise<void> {
  const unfinished = `${path}.part`;
  try {
    await using file = await open(unfinished, "w");
    await file.writeFile(data);
    await file.sync();
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, "r");
  await folder.sync();
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
