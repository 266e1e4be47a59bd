import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { StemmaError } from "../lineage/errors.ts";
import { SCHEMA } from "./schema.ts";

const SQLITE_BUSY = 5;

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
      this.sqlite.exec(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON",
      );
      this.sqlite.exec(SCHEMA);
    } catch (error) {
      this.sqlite.close();
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

  close(): void {
    this.sqlite.close();
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
