import { status } from "@grpc/grpc-js";
import { Fault } from "../fault.ts";

/** SQLite's result codes without their details, which are in the higher bits. */
const SQLITE = { READONLY: 8, IOERR: 10, CORRUPT: 11, FULL: 13, NOTADB: 26 };

/**
 * What a client gets to see of a disk that is full or broken; undefined for any other error. The engine goes on: what was
 * being done has not happened, and all before is as it was.
 */
export function storageFault(error: unknown): Fault | undefined {
  const { code, errcode = 0 } = Object(error) as { readonly code?: unknown; readonly errcode?: number };
  const sqlite = code === "ERR_SQLITE_ERROR" ? errcode & 0xff : undefined;
  if (code === "ENOSPC" || sqlite === SQLITE.FULL)
    return new Fault(status.RESOURCE_EXHAUSTED, "the engine's disk is full: free some space, then try again");
  if (code === "EDQUOT")
    return new Fault(status.RESOURCE_EXHAUSTED, "the engine's disk quota is used up: free some space, then try again");
  if (code === "EROFS" || sqlite === SQLITE.READONLY)
    return new Fault(status.FAILED_PRECONDITION, "the engine's disk is read-only: nothing can be changed");
  if (sqlite === SQLITE.CORRUPT || sqlite === SQLITE.NOTADB)
    return new Fault(status.DATA_LOSS, "the engine's database is damaged: `stemma fsck` says what it touches");
  if (code === "EIO" || sqlite === SQLITE.IOERR) return new Fault(status.INTERNAL, "the engine's disk cannot be read or written");
  return undefined;
}
