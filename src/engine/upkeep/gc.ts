import { storedNode } from "../store/node-store.ts";
import { Reach } from "./reach.ts";
import { inSlices } from "../store/slices.ts";
import type { EngineState } from "../state.ts";
import type { TreeNode } from "../tree/node.ts";

/** What clean-up has found that nothing refers to, so far. */
export interface Garbage {
  /** Nodes and objects that something refers to, as far as it has looked. */
  readonly kept: number;
  /** Objects that nothing refers to. */
  readonly objects: number;
  /** Nodes of trees that nothing refers to. */
  readonly nodes: number;
  /** Files that a killed engine, or a full disk, left unfinished. */
  readonly unfinished: number;
  /** The bytes of all these. */
  readonly bytes: number;
}

export interface GarbageOptions {
  readonly dryRun?: boolean | undefined;
  /** How long others may have to wait at a time. */
  readonly sliceMs?: number | undefined;
}

/**
 * Removes the objects and tree nodes that no commit and no file set refers to, and that no operation under way holds
 * (hold.ts). Everybody else goes on meanwhile. Reports what it has found again and again, and at the end. It may be left at
 * any time: what it has removed until then was garbage. With `dryRun` it only looks. Throws DATA_LOSS, and removes nothing,
 * where a tree is damaged: what is below would seem to be garbage.
 */
export async function* collectGarbage(state: EngineState, options: GarbageOptions = {}): AsyncGenerator<Garbage> {
  using _ = await state.content.holds.turn();
  const reach = new Reach(state.db, state.content.holds.roots());
  yield* new Collection(state, reach, options).run();
}

interface Sweep {
  readonly isReached: (id: string) => boolean;
  readonly remove: (id: string) => void;
}

class Collection {
  readonly #state: EngineState;
  readonly #reach: Reach;
  readonly #options: GarbageOptions;
  readonly #found = { kept: 0, objects: 0, nodes: 0, unfinished: 0, bytes: 0 };

  constructor(state: EngineState, reach: Reach, options: GarbageOptions) {
    this.#state = state;
    this.#reach = reach;
    this.#options = options;
  }

  async *run(): AsyncGenerator<Garbage> {
    const { db, content } = this.#state;
    yield* this.#inSlices(this.#mark());
    // Files first: they give space back at once, also where the disk is too full to change a table.
    yield* this.#sweepFiles();
    yield* this.#inSlices(
      this.#sweepTable("objects", "data", {
        isReached: (id) => this.#reach.hasChunk(id),
        remove: (id) => content.removeRow(id),
      }),
    );
    yield* this.#inSlices(
      this.#sweepTable("nodes", "node", {
        isReached: (id) => this.#reach.hasNode(id),
        remove: (id) => db.run("DELETE FROM nodes WHERE id = ?", id),
      }),
    );
    if (this.#options.dryRun !== true) yield* this.#shrink();
    yield { ...this.#found };
  }

  async *#inSlices(steps: Iterator<unknown>): AsyncGenerator<Garbage> {
    for await (const _ of inSlices(this.#state.db, steps, this.#options.sliceMs)) yield { ...this.#found };
  }

  *#mark(): IterableIterator<void> {
    const count = (): void => {
      this.#found.kept += 1;
    };
    const node = (id: string): TreeNode => {
      count();
      return storedNode(this.#state.db, id);
    };
    yield* this.#reach.walk({ node, chunk: count });
  }

  async *#sweepFiles(): AsyncGenerator<Garbage> {
    const { content } = this.#state;
    for await (const file of content.files()) {
      const { id, bytes } = file;
      if (id !== undefined && (this.#reach.hasChunk(id) || content.holds.spares(id))) continue;
      if (this.#options.dryRun !== true) content.removeFile(file);
      this.#found[id === undefined ? "unfinished" : "objects"] += 1;
      this.#found.bytes += bytes;
      yield { ...this.#found };
    }
  }

  /** Looks at a table row by row, a batch a step. */
  *#sweepTable(table: "objects" | "nodes", column: string, { isReached, remove }: Sweep): IterableIterator<void> {
    const { db, content } = this.#state;
    const batch = `SELECT rowid, id, octet_length(${column}) AS bytes FROM ${table} WHERE rowid > ? ORDER BY rowid LIMIT 20`;
    for (let after = 0; ;) {
      const rows = db.all<{ rowid: number; id: string; bytes: number }>(batch, after);
      for (const { id, bytes } of rows) {
        if (isReached(id) || content.holds.spares(id)) continue;
        if (this.#options.dryRun !== true) remove(id);
        this.#found[table] += 1;
        this.#found.bytes += bytes;
      }
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.rowid;
      yield;
    }
  }

  async *#shrink(): AsyncGenerator<Garbage> {
    const { db } = this.#state;
    // Rows that were removed leave their space to new ones; this gives it back to the disk.
    const freePages = (): number => db.get<{ freelist_count: number }>("PRAGMA freelist_count")?.freelist_count ?? 0;
    function* vacuum(): IterableIterator<void> {
      for (let free = freePages(), before = free + 1; free > 0 && free < before; free = freePages()) {
        db.all("PRAGMA incremental_vacuum(50)");
        before = free;
        yield;
      }
    }
    yield* this.#inSlices(vacuum());
    db.sqlite.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }
}
