import type { Database } from "./database.ts";
import { Fault } from "../fault.ts";
import { status } from "@grpc/grpc-js";
import type { Holds } from "./hold.ts";
import { type NodeStore, type TreeNode, decodeNode } from "../tree/node.ts";

/** A node has 32 members on average: some 10 KiB in memory. */
const CACHED_NODES = 2000;

/**
 * The nodes of trees, in SQLite, with those used last in memory. A node never changes, so the cache is never stale; but it may
 * know nodes that clean-up has removed, so what is in it need not be stored.
 */
export class SqliteNodeStore implements NodeStore {
  private readonly db: Database;
  private readonly holds: Holds;
  private readonly cache = new Map<string, TreeNode>();

  constructor(db: Database, holds: Holds) {
    this.db = db;
    this.holds = holds;
  }

  read(id: string): TreeNode {
    const cached = this.cache.get(id);
    if (cached !== undefined) return cached;
    const node = storedNode(this.db, id);
    this.remember(id, node);
    return node;
  }

  /** Within the transaction that makes something refer to the tree: only that keeps it from clean-up. */
  put(id: string, text: string, node: TreeNode): void {
    this.holds.note(id);
    this.remember(id, node);
    this.db.run(
      "INSERT INTO nodes (id, node) VALUES (?, ?) ON CONFLICT DO UPDATE SET node = excluded.node WHERE node <> excluded.node",
      id,
      text,
    );
  }

  private remember(id: string, node: TreeNode): void {
    if (this.cache.size >= CACHED_NODES) this.cache.delete(this.cache.keys().next().value ?? "");
    this.cache.set(id, node);
  }
}

/** A node as the database has it now. Throws DATA_LOSS where it is missing, INTEGRITY where it is damaged. */
export function storedNode(db: Database, id: string): TreeNode {
  const row = db.get<{ node: string }>("SELECT node FROM nodes WHERE id = ?", id);
  if (row === undefined) throw new Fault(status.DATA_LOSS, `tree node ${id} is missing from the engine's database`);
  return decodeNode(id, row.node);
}
