import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { StemmaError } from "../../lineage/errors.ts";
import { SCHEMA } from "./schema.ts";
import { storageFault } from "./storage-fault.ts";

const SQLITE_BUSY = 5;

/** What the rows mean, trees' nodes among them. One more with each change that an older or newer engine would not understand. */
const FORMAT = 1;
/** Of a new file. A page holds a tree node whole, which is so read in one piece; INCREMENTAL lets clean-up give space back. */
const NEW = `PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA user_version = ${FORMAT}`;
/**
 * The cache (KiB, negative) holds the index of a million nodes. fullfsync is for macOS, where a plain fsync leaves data in the
 * drive's own memory.
 */
const SETTINGS = `
PRAGMA cache_size = -8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;
PRAGMA foreign_keys = ON`;

/**
 * The engine's SQLite file: synchronous, one connection, so a transaction is a plain function call that nothing interleaves.
 * A commit is on the disk when it returns (write-ahead log, synchronous=FULL).
 */
export class Database {
  readonly sqlite: DatabaseSync;
  private readonly statements = new Map<string, StatementSync>();

  /** Throws USAGE where another engine has the file open. The lock is the system's: it goes with the process, also a killed one. */
  constructor(file: string) {
    this.sqlite = new DatabaseSync(file);
    try {
      this.sqlite.exec("PRAGMA locking_mode = EXCLUSIVE");
      this.prepareFile(file);
      this.sqlite.exec(SETTINGS);
      this.sqlite.exec(`BEGIN; ${SCHEMA} COMMIT`);
    } catch (error) {
      this.sqlite.close();
      if (error instanceof StemmaError) throw error;
      const fault = storageFault(error);
      if (fault !== undefined) throw new StemmaError("FAILED", `cannot open ${file}: ${fault.message}.`, { cause: error });
      if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw error;
      throw new StemmaError("USAGE", `another engine is using ${file}.`, {
        hint: "Stop it first, or give another --home.",
        cause: error,
      });
    }
  }

  get<T>(sql: string, ...values: SQLInputValue[]): T | undefined {
    return this.prepared(sql).get(...values) as T | undefined;
  }

  all<T>(sql: string, ...values: SQLInputValue[]): T[] {
    return this.prepared(sql).all(...values) as T[];
  }

  /** Runs a statement and returns the id of the row that it inserted, if it did. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.prepared(sql).run(...values).lastInsertRowid);
  }

  /** All of `work` happens, or none of it. */
  transaction<T>(work: () => T): T {
    this.sqlite.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.sqlite.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.sqlite.isTransaction) this.sqlite.exec("ROLLBACK");
      throw error;
    }
  }

  /** Does `work` and takes back all that it has changed. */
  rehearsal<T>(work: () => T): T {
    this.sqlite.exec("BEGIN IMMEDIATE");
    try {
      return work();
    } finally {
      if (this.sqlite.isTransaction) this.sqlite.exec("ROLLBACK");
    }
  }

  close(): void {
    this.sqlite.close();
  }

  private prepareFile(file: string): void {
    const isNew = this.sqlite.prepare("SELECT 1 FROM sqlite_schema").get() === undefined;
    if (isNew) this.sqlite.exec(NEW);
    const { user_version: format } = this.sqlite.prepare("PRAGMA user_version").get() ?? {};
    if (format === FORMAT) return;
    throw new StemmaError("USAGE", `${file} has the format ${String(format)}, and this version of stemma knows ${FORMAT} only.`, {
      hint: "Use the version that wrote it, or give another --home.",
    });
  }

  private prepared(sql: string): StatementSync {
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      statement = this.sqlite.prepare(sql);
      this.statements.set(sql, statement);
    }
    return statement;
  }
}
