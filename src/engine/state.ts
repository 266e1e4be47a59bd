import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { propagate } from "./branches.ts";
import { ContentStore } from "./content-store.ts";
import { Database } from "./database.ts";
import { FileSet } from "./file-set.ts";
import { loadHasher } from "./file-hash.ts";
import { createJobs } from "./jobs.ts";
import { SqliteNodeStore } from "./node-store.ts";
import { ensureDefaultProject } from "./repos.ts";
import { type Transaction, newId, newTransaction } from "./transaction.ts";
import type { NodeStore } from "./tree.ts";

/** All that the engine knows, and the only way to change it. */
export class EngineState {
  readonly home: string;
  readonly db: Database;
  readonly nodes: NodeStore;
  readonly content: ContentStore;
  private readonly listeners = new Set<() => void>();

  private constructor(home: string) {
    this.home = home;
    this.db = new Database(join(home, "engine.db"));
    this.nodes = new SqliteNodeStore(this.db);
    this.content = new ContentStore(this.db.sqlite, join(home, "objects"));
  }

  /** Opens the engine's home folder, making it where it is missing. */
  static async open(home: string): Promise<EngineState> {
    mkdirSync(join(home, "objects"), { recursive: true });
    await loadHasher();
    const state = new EngineState(home);
    ensureDefaultProject(state.db);
    return state;
  }

  /**
   * Changes the state. All happens or nothing, and it is on the disk when this returns. At the end, what is downstream of
   * the branches that moved gets its commits, and their pipelines their jobs, in the same transaction.
   */
  write<T>(work: (tx: Transaction) => T): T {
    const result = this.db.transaction(() => {
      const tx = newTransaction(this.db);
      this.content.flush();
      const value = work(tx);
      propagate(tx);
      createJobs(tx);
      return value;
    });
    for (const listener of this.listeners) listener();
    return result;
  }

  files(root: string): FileSet {
    return new FileSet(this.nodes, root);
  }

  /** Calls back after each change, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Looks now and after each change, until there is something to see. Rejects when the signal aborts, or `look` throws. */
  async until<T>(look: () => T | undefined, signal: AbortSignal): Promise<T> {
    const seen = look();
    if (seen !== undefined) return seen;
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        forget();
        signal.removeEventListener("abort", onAbort);
      };
      const onAbort = (): void => {
        stop();
        reject(signal.reason as Error);
      };
      const forget = this.onChange(() => {
        try {
          const value = look();
          if (value === undefined) return;
          stop();
          resolve(value);
        } catch (error) {
          stop();
          reject(error);
        }
      });
      if (signal.aborted) onAbort();
      else signal.addEventListener("abort", onAbort);
    });
  }

  /** The same for the life of this home: clients remember a deployment by it. */
  deploymentId(): string {
    this.db.run("INSERT INTO settings VALUES ('deployment', ?) ON CONFLICT DO NOTHING", newId());
    return this.db.get<{ value: string }>("SELECT value FROM settings WHERE key = 'deployment'")?.value ?? "";
  }

  close(): void {
    this.db.close();
  }
}
