import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StemmaError } from "../errors.ts";
import { APPLICATION_ID, INDEX_FORMAT, SCHEMA } from "./schema.ts";

/** A write waits so long for another process's. */
const BUSY_MS = 30_000;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;
const HINT = "Run: stemma index rebuild";

/** Opens an index, or makes it. Throws INTEGRITY for a file that is none, is damaged or has another format. */
export function openSqlite(file: string): DatabaseSync {
  if (file !== ":memory:") mkdirSync(dirname(file), { recursive: true });
  const sqlite = orUnreadable(file, () => new DatabaseSync(file, { timeout: BUSY_MS }));
  try {
    orUnreadable(file, () => prepare(sqlite, file));
    return sqlite;
  } catch (error) {
    sqlite.close();
    throw error;
  }
}

/** Does something with an index; what fails because the file is damaged says so, and how to mend it. */
export function orDamaged<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!isDamage(error)) throw error;
    throw new StemmaError("INTEGRITY", "the lineage index is damaged.", { hint: HINT, cause: error });
  }
}

function prepare(sqlite: DatabaseSync, file: string): void {
  if (isEmpty(sqlite)) create(sqlite);
  const format = pragma(sqlite, "user_version");
  if (pragma(sqlite, "application_id") !== APPLICATION_ID)
    throw new StemmaError("INTEGRITY", `${file} is not a lineage index.`, { hint: "Name another file with --index." });
  if (format !== INDEX_FORMAT)
    throw new StemmaError("INTEGRITY", `the index ${file} has format ${String(format)}, not ${INDEX_FORMAT}.`, { hint: HINT });
  // What is lost in a crash is read again: no write has to wait for the disk.
  sqlite.exec("PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY");
}

/** Two processes may do so at once: the second one waits, and finds it done. */
function create(sqlite: DatabaseSync): void {
  sqlite.exec("PRAGMA journal_mode = WAL; BEGIN IMMEDIATE");
  if (isEmpty(sqlite)) sqlite.exec(SCHEMA);
  sqlite.exec("COMMIT");
}

function isEmpty(sqlite: DatabaseSync): boolean {
  return pragma(sqlite, "schema_version") === 0;
}

function pragma(sqlite: DatabaseSync, name: string): unknown {
  return sqlite.prepare(`PRAGMA ${name}`).get()?.[name];
}

function orUnreadable<Result>(file: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof StemmaError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    if (isDamage(error))
      throw new StemmaError("INTEGRITY", `the index ${file} is damaged: ${why}.`, { hint: HINT, cause: error });
    throw new StemmaError("FAILED", `cannot open the index ${file}: ${why}.`, { hint: "It has to be a file.", cause: error });
  }
}

function isDamage(error: unknown): boolean {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return false;
  // The low byte is the kind, the rest says more.
  return [SQLITE_CORRUPT, SQLITE_NOTADB].includes(error.errcode & 0xff);
}
