import { type FileHandle, open } from "node:fs/promises";
import type { ClientRequest } from "node:http";
import { StemmaError } from "../lineage/errors.ts";

/** A file, or a piece of one, as the body of a request. */
export interface FileBody {
  readonly path: string;
  readonly sizeBytes: number;
  /** Where the piece begins. */
  readonly offset?: number;
  /** Told of each piece that left, and how long it is. */
  readonly onBytes?: ((count: number) => void) | undefined;
}

/**
 * MLflow's server takes large pieces quicker. Two are in memory, one is read while the other leaves: a new one each time
 * would stay until the garbage collector comes.
 */
const PIECE_BYTES = 1024 * 1024;

/**
 * Writes a file to a request and ends it. Rejects only for what is wrong with the file: that the connection broke is told
 * by the request's own error.
 */
export async function sendFile(request: ClientRequest, body: FileBody): Promise<void> {
  if (body.sizeBytes > 0) {
    await using file = await openFile(body.path);
    await sendPieces(request, file, body);
  }
  if (!request.destroyed) request.end();
}

async function sendPieces(request: ClientRequest, file: FileHandle, body: FileBody): Promise<void> {
  const { path, sizeBytes, offset = 0, onBytes } = body;
  const length = Math.min(PIECE_BYTES, sizeBytes);
  const first = Buffer.allocUnsafe(length);
  const second = Buffer.allocUnsafe(length);
  let sent = 0;
  let leaving = Promise.resolve();
  for (let turn = 0; sent < sizeBytes && !request.destroyed; turn = 1 - turn) {
    const buffer = turn === 0 ? first : second;
    const count = await readPiece(file, buffer.subarray(0, Math.min(length, sizeBytes - sent)), offset + sent, path);
    await leaving;
    leaving = writePiece(request, buffer.subarray(0, count));
    sent += count;
    onBytes?.(count);
  }
  await leaving;
}

async function readPiece(file: FileHandle, into: Buffer, position: number, path: string): Promise<number> {
  const { bytesRead } = await file.read(into, 0, into.length, position).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (bytesRead === 0) throw new StemmaError("FAILED", `${path} became shorter while it was sent.`);
  return bytesRead;
}

/** Resolves when the piece has left, or never will. */
function writePiece(request: ClientRequest, piece: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (request.destroyed) resolve();
    else {
      const done = (): void => {
        request.off("close", done);
        resolve();
      };
      request.once("close", done).write(piece, done);
    }
  });
}

/** The size of a file that can be read. */
export async function sizeOf(path: string): Promise<number> {
  await using file = await openFile(path);
  const { size } = await file.stat();
  return size;
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): StemmaError {
  return new StemmaError("FAILED", `cannot read ${path}: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}`, { cause });
}
