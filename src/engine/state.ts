import { join } from "node:path";
import { ContentStore } from "./store/content-store.ts";
import { Database } from "./store/database.ts";
import { makeFolder } from "./store/durable-files.ts";
import { FileSet } from "./files/file-set.ts";
import { loadHasher } from "./store/file-hash.ts";
import { settleJobs } from "./pps/jobs.ts";
import { SqliteNodeStore } from "./store/node-store.ts";
import { ensureDefaultProject } from "./pfs/projects.ts";
import { propagate } from "./pfs/propagate.ts";
import { type Transaction, newId, newTransaction } from "./transaction.ts";
import type { NodeStore } from "./tree/tree.ts";
import { fireTriggers } from "./pfs/triggers.ts";

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
    this.content = new ContentStore(this.db.sqlite, join(home, "objects"));
    this.nodes = new SqliteNodeStore(this.db, this.content.holds);
  }

  /** Opens the engine's home folder, making it where it is missing. */
  static async open(home: string): Promise<EngineState> {
    await makeFolder(join(home, "objects"));
    await loadHasher();
    const state = new EngineState(home);
    ensureDefaultProject(state.db);
    return state;
  }

  /**
   * Changes the state. All happens or nothing, and it is on the disk when this returns. At the end, what is downstream of
   * the branches that moved gets its commits, and their pipelines their jobs, in the same transaction. New commits get `setId`
   * as their id, or else one of their own.
   */
  write<T>(work: (tx: Transaction) => T, setId?: string): T {
    let settle: (() => void) | undefined;
    const result = this.db.transaction(() => {
      settle = this.content.flush();
      return this.change(work, setId);
    });
    settle?.();
    for (const listener of this.listeners) listener();
    return result;
  }

  /** What `write` would answer, or throw; nothing is changed. */
  tryOut<T>(work: (tx: Transaction) => T, setId?: string): T {
    return this.db.rehearsal(() => this.change(work, setId));
  }

  private change<T>(work: (tx: Transaction) => T, setId: string | undefined): T {
    const tx = newTransaction(this.db, setId);
    const value = work(tx);
    this.settle(tx);
    return value;
  }

  /** What follows from a change. What triggers bring about is a commit set of its own. */
  private settle(tx: Transaction): void {
    propagate(tx);
    settleJobs(tx, this.nodes);
    for (const id of tx.finishedCommits) {
      const next = newTransaction(this.db);
      fireTriggers(next, id);
      if (next.movedBranches.size > 0) this.settle(next);
    }
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
