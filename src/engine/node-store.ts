import type { Database } from "./database.ts";
import { Fault } from "./fault.ts";
import { status } from "@grpc/grpc-js";
import type { NodeStore } from "./tree.ts";

const CACHED_NODES = 20_000;

/** The nodes of trees, in SQLite, with those used last in memory. A node never changes, so the cache is never stale. */
export class SqliteNodeStore implements NodeStore {
  private readonly db: Database;
  private readonly cache = new Map<string, string>();

  constructor(db: Database) {
    this.db = db;
  }

  get(id: string): string {
    const cached = this.cache.get(id);
    if (cached !== undefined) return cached;
    const row = this.db.get<{ node: string }>("SELECT node FROM nodes WHERE id = ?", id);
    if (row === undefined) throw new Fault(status.DATA_LOSS, `tree node ${id} is missing from the engine's database`);
    this.remember(id, row.node);
    return row.node;
  }

  put(id: string, node: string): void {
    this.db.run("INSERT INTO nodes (id, node) VALUES (?, ?) ON CONFLICT DO NOTHING", id, node);
  }

  private remember(id: string, node: string): void {
    if (this.cache.size >= CACHED_NODES) this.cache.delete(this.cache.keys().next().value ?? "");
    this.cache.set(id, node);
  }
}
