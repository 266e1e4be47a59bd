import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { openSqlite, orDamaged } from "./open-sqlite.ts";

/** The SQLite file of an index, with its statements prepared once. Damage that is met anywhere is INTEGRITY. */
export class IndexDatabase implements Disposable {
  readonly sqlite: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #tuples = new Map<string, StatementSync>();

  /** Throws INTEGRITY for a file that is no index, is damaged or has another format; ":memory:" makes one that is not kept. */
  constructor(file: string) {
    this.sqlite = openSqlite(file);
  }

  close(): void {
    this.sqlite.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** All of `work` sees one state of the index, whatever others write. */
  read<Result>(work: () => Result): Result {
    return this.sqlite.isTransaction ? work() : this.transaction("BEGIN", work);
  }

  /** What a collector noted for its next turn. */
  cursor(name: string): string | undefined {
    return this.tuple<readonly [string]>("SELECT value FROM cursor WHERE name = ?", name)?.[0];
  }

  get<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return orDamaged(() => this.prepared(sql).get(...values)) as Row | undefined;
  }

  all<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    return orDamaged(() => this.prepared(sql).all(...values)) as Row[];
  }

  /** One row as a list of its columns, which is much quicker than as an object. */
  tuple<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return orDamaged(() => this.prepareTuples(sql).get(...values)) as Row | undefined;
  }

  tuples<Row>(sql: string, ...values: SQLInputValue[]): readonly Row[] {
    return orDamaged(() => this.prepareTuples(sql).all(...values)) as unknown as readonly Row[];
  }

  prepared(sql: string): StatementSync {
    return getOrMake(this.#statements, sql, () => this.sqlite.prepare(sql));
  }

  prepareTuples(sql: string): StatementSync {
    return getOrMake(this.#tuples, sql, () => {
      const statement = this.sqlite.prepare(sql);
      statement.setReturnArrays(true);
      return statement;
    });
  }

  /** All of `work` happens, or none of it. */
  protected transaction<Result>(begin: string, work: () => Result): Result {
    return orDamaged(() => {
      this.sqlite.exec(begin);
      try {
        const result = work();
        this.sqlite.exec("COMMIT");
        return result;
      } catch (error) {
        if (this.sqlite.isTransaction) this.sqlite.exec("ROLLBACK");
        throw error;
      }
    });
  }
}

function getOrMake(known: Map<string, StatementSync>, sql: string, make: () => StatementSync): StatementSync {
  const found = known.get(sql);
  if (found !== undefined) return found;
  const made = make();
  known.set(sql, made);
  return made;
}
