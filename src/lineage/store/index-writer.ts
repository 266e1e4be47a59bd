import type { Edge } from "../graph.ts";
import type { Gap } from "../answer.ts";
import type { Urn } from "../urn.ts";
import { formatUrn } from "../urn.ts";
import { EdgeWriter } from "./edge-writer.ts";
import type { IndexDatabase } from "./index-database.ts";
import type { NodeRecord, Statement } from "./record.ts";
import { NodeWriter } from "./node-writer.ts";
import { keyOf } from "./record.ts";

/** Changes to an index. Any order and any repetition of the same statements leaves the same graph. */
export class IndexWriter {
  readonly #index: IndexDatabase;
  readonly #nodes: NodeWriter;
  readonly #edges: EdgeWriter;

  constructor(index: IndexDatabase) {
    this.#index = index;
    this.#nodes = new NodeWriter(index);
    this.#edges = new EdgeWriter(index, this.#nodes);
  }

  /** Notes what a source says of a thing now: in place of all that was said of it before, unless that came from one that knows better. */
  say(statement: Statement): void {
    const { node, edges, gaps = [] } = statement;
    const { id, outcome } = this.#nodes.say(formatUrn(node), statement);
    if (outcome === "outranked") return;
    if (outcome === "said before") {
      this.#edges.replace(id, edges);
      this.#replaceGaps(id, gaps);
    } else {
      this.#edges.add(id, edges);
      for (const gap of gaps) this.#addGap(id, gap);
    }
  }

  /** Notes what one thing says that another is. Its edges are no part of that: they belong to the one that speaks. */
  tell(record: NodeRecord): void {
    this.#nodes.tell(formatUrn(record.node), record);
  }

  /** Adds edges to what a thing said: they go with its next statement. */
  add(owner: Urn, edges: readonly Edge[]): void {
    const id = this.#nodes.markSaid(owner);
    this.#edges.add(id, edges);
  }

  /** Marks a thing as seen to be gone. What is known of it stays. A thing that is there again is unmarked by `say`. */
  markGone(urn: Urn, seen: Date): void {
    this.#index.prepared("UPDATE node SET gone = ? WHERE key = ? AND gone IS NULL").run(seen.getTime(), keyOf(urn));
  }

  /** A label points at this from now on, or, without a target, at nothing any more. Nothing changes when it did so already. */
  point(scope: string, name: string, target: Urn | undefined, seen: Date): void {
    const now = this.#index.get<{ target: number; since: number }>(
      "SELECT target, since FROM label WHERE scope = ? AND name = ? AND until IS NULL",
      scope,
      name,
    );
    const id = target === undefined ? undefined : this.#nodes.id(target);
    if (now?.target === id) return;
    if (now !== undefined)
      this.#index
        .prepared("UPDATE label SET until = ? WHERE scope = ? AND name = ? AND since = ?")
        .run(seen.getTime(), scope, name, now.since);
    if (id !== undefined)
      this.#index
        .prepared("INSERT OR REPLACE INTO label(scope, name, since, until, target) VALUES(?, ?, ?, NULL, ?)")
        .run(scope, name, seen.getTime(), id);
  }

  setCursor(name: string, value: string): void {
    this.#index.prepared("INSERT OR REPLACE INTO cursor(name, value) VALUES(?, ?)").run(name, value);
  }

  /** Forgets the cursors whose names begin so. */
  dropCursors(prefix: string): void {
    this.#index.prepared("DELETE FROM cursor WHERE name >= ? AND name < ?").run(prefix, `${prefix}\u{10FFFF}`);
  }

  #replaceGaps(owner: number, gaps: readonly Gap[]): void {
    const hasSome = this.#index.tuple("SELECT 1 FROM gap WHERE owner = ?", owner) !== undefined;
    if (hasSome) this.#index.prepared("DELETE FROM gap WHERE owner = ?").run(owner);
    for (const gap of gaps) this.#addGap(owner, gap);
  }

  #addGap(owner: number, { at, why, effect }: Gap): void {
    this.#index
      .prepared("INSERT OR REPLACE INTO gap(node, owner, why, effect) VALUES(?, ?, ?, ?)")
      .run(this.#nodes.id(at), owner, why, effect);
  }
}
