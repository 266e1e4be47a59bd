import { status } from "@grpc/grpc-js";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { storageFault } from "../../../src/engine/store/storage-fault.ts";

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: something, write`), { code });
}

function sqliteError(errcode: number): Error {
  return Object.assign(new Error("something"), { code: "ERR_SQLITE_ERROR", errcode });
}

test.each([
  ["a file system that is full", systemError("ENOSPC"), status.RESOURCE_EXHAUSTED, "the engine's disk is full"],
  ["a database that cannot grow", sqliteError(13), status.RESOURCE_EXHAUSTED, "the engine's disk is full"],
  ["a quota", systemError("EDQUOT"), status.RESOURCE_EXHAUSTED, "the engine's disk quota is used up"],
  ["a file system that is read-only", systemError("EROFS"), status.FAILED_PRECONDITION, "the engine's disk is read-only"],
  ["a database on such a one", sqliteError(8 | (5 << 8)), status.FAILED_PRECONDITION, "the engine's disk is read-only"],
  ["a broken disk", systemError("EIO"), status.INTERNAL, "the engine's disk cannot be read or written"],
  ["a broken disk below a database", sqliteError(10 | (3 << 8)), status.INTERNAL, "the engine's disk cannot be read or written"],
  ["a damaged database", sqliteError(11), status.DATA_LOSS, "the engine's database is damaged"],
])("%s is said in one clear line", (_what, error, code, text) => {
  expect(storageFault(error)).toMatchObject({ code, message: expect.stringContaining(text) });
});

test("any other error is none of the disk's", () => {
  const database = new DatabaseSync(":memory:");
  let constraint: unknown;
  try {
    database.exec("CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1), (1)");
  } catch (error) {
    constraint = error;
  }
  expect(constraint).toBeInstanceOf(Error);
  for (const error of [constraint, systemError("ENOENT"), new Error("a bug"), undefined, "text"])
    expect(storageFault(error)).toBeUndefined();
});
