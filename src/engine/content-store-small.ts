import type { DatabaseSync, StatementSync } from "node:sqlite";
import { damagedObject } from "./content-store-chunk.ts";
import type { StoredChunk } from "./content-store-chunk.ts";

const BUFFER_BYTES = 8 * 1024 * 1024;

/** Objects in a table, which are gathered in memory until a flush. */
export class SmallObjects {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  #waiting = new Map<string, Uint8Array>();
  #waitingBytes = 0;
  /** What was inserted in a caller's transaction, of which it is not known yet whether it was committed. */
  #unsettled: ReadonlyMap<string, Uint8Array>[] = [];

  constructor(database: DatabaseSync) {
    database.exec("CREATE TABLE IF NOT EXISTS objects (id TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID");
    this.#database = database;
    this.#insert = database.prepare("INSERT OR REPLACE INTO objects (id, data) VALUES (?, ?)");
    this.#select = database.prepare("SELECT data FROM objects WHERE id = ?");
  }

  put(id: string, data: Uint8Array): void {
    if (this.#find(id)?.length === data.length) return;
    this.#wait(id, data);
    if (this.#waitingBytes > BUFFER_BYTES) this.flush();
  }

  read(chunk: StoredChunk): Uint8Array {
    const data = this.#find(chunk.id);
    if (data?.length !== chunk.bytes) throw damagedObject(chunk, data?.length);
    return data;
  }

  flush(): void {
    this.#settle();
    if (this.#waiting.size === 0) return;
    if (this.#database.isTransaction) {
      this.#insertWaiting();
      this.#unsettled.push(this.#waiting);
    } else {
      this.#inTransaction(() => {
        this.#insertWaiting();
      });
    }
    this.#waiting = new Map();
    this.#waitingBytes = 0;
  }

  #find(id: string): Uint8Array | undefined {
    this.#settle();
    return this.#waiting.get(id) ?? this.#stored(id);
  }

  #stored(id: string): Uint8Array | undefined {
    return this.#select.get(id)?.["data"] as Uint8Array | undefined;
  }

  #wait(id: string, data: Uint8Array): void {
    this.#waiting.set(id, data);
    this.#waitingBytes += data.length;
  }

  /** A flush is committed or rolled back as a whole, so its first object tells; what was rolled back waits for the next one. */
  #settle(): void {
    if (this.#unsettled.length === 0) return;
    const batches = this.#unsettled;
    this.#unsettled = [];
    for (const batch of batches) {
      const [witness = ""] = batch.keys();
      if (this.#stored(witness)?.length !== batch.get(witness)?.length) for (const [id, data] of batch) this.#wait(id, data);
      else if (this.#database.isTransaction) this.#unsettled.push(batch);
    }
  }

  #insertWaiting(): void {
    for (const [id, data] of this.#waiting) this.#insert.run(id, data);
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
