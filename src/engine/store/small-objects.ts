import { hash as digest } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { alteredObject, damagedObject } from "./content-chunk.ts";
import type { StoredChunk } from "./content-chunk.ts";
import type { Holds } from "./hold.ts";

const BUFFER_BYTES = 8 * 1024 * 1024;

/** Objects in a table, which are gathered in memory until a flush. */
export class SmallObjects {
  readonly #database: DatabaseSync;
  readonly #holds: Holds;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #delete: StatementSync;
  #waiting = new Map<string, Uint8Array>();
  #waitingBytes = 0;

  /** `holds` says who still needs what waits. */
  constructor(database: DatabaseSync, holds: Holds) {
    this.#holds = holds;
    database.exec("CREATE TABLE IF NOT EXISTS objects (id TEXT PRIMARY KEY, data BLOB NOT NULL)");
    this.#database = database;
    // One that is damaged is stored anew.
    this.#insert = database.prepare(
      "INSERT INTO objects (id, data) VALUES (?, ?) ON CONFLICT DO UPDATE SET data = excluded.data WHERE data <> excluded.data",
    );
    this.#select = database.prepare("SELECT data FROM objects WHERE id = ?");
    this.#delete = database.prepare("DELETE FROM objects WHERE id = ?");
  }

  /** Whether it is there already is seen when it is flushed: to look it up here too would take as long as to store it. */
  put(id: string, data: Uint8Array): void {
    if (this.#waiting.has(id)) return;
    this.#wait(id, data);
    if (this.#waitingBytes > BUFFER_BYTES) this.flush();
  }

  read(chunk: StoredChunk): Uint8Array {
    const data = this.#find(chunk.id);
    if (data?.length !== chunk.bytes) throw damagedObject(chunk, data?.length);
    if (digest("sha256", data) !== chunk.id) throw alteredObject(chunk);
    return data;
  }

  sizeOf(id: string): number | undefined {
    return this.#find(id)?.length;
  }

  /** Removes an object that nobody needs. */
  remove(id: string): void {
    this.#delete.run(id);
  }

  /**
   * Inserts what waits, but for what operations that broke off have left. In a transaction of the caller's that is settled by
   * calling what this returns after the commit.
   */
  flush(): () => void {
    this.#forgetUnneeded();
    const flushed = this.#waiting;
    const settle = (): void => {
      if (this.#waiting !== flushed) return;
      this.#waiting = new Map();
      this.#waitingBytes = 0;
    };
    if (flushed.size === 0) return settle;
    if (this.#database.isTransaction) this.#insertWaiting();
    else {
      this.#inTransaction(() => this.#insertWaiting());
      settle();
    }
    return settle;
  }

  #forgetUnneeded(): void {
    for (const [id, { length }] of this.#waiting) {
      if (this.#holds.isHeld(id)) continue;
      this.#waiting.delete(id);
      this.#waitingBytes -= length;
    }
  }

  #find(id: string): Uint8Array | undefined {
    return this.#waiting.get(id) ?? this.#stored(id);
  }

  #stored(id: string): Uint8Array | undefined {
    return this.#select.get(id)?.["data"] as Uint8Array | undefined;
  }

  #wait(id: string, data: Uint8Array): void {
    this.#waiting.set(id, data);
    this.#waitingBytes += data.length;
  }

  #insertWaiting(): void {
    // In the order of the index, each of whose pages is then read and written once.
    for (const [id, data] of [...this.#waiting].sort(([a], [b]) => (a < b ? -1 : 1))) this.#insert.run(id, data);
  }

  #inTransaction(work: () => void): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      work();
      this.#database.exec("COMMIT");
    } finally {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
    }
  }
}
