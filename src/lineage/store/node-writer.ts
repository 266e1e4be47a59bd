import type { StatementSync } from "node:sqlite";
import type { Urn } from "../urn.ts";
import { NODE_KINDS, parseUrn } from "../urn.ts";
import { encodeFacts } from "./facts.ts";
import type { IndexDatabase } from "./index-database.ts";
import type { NodeRecord } from "./record.ts";
import { IS_ATTEMPT, IS_SAID, RANKS, keyOf } from "./record.ts";

/** What became of what was said of a node. */
interface Said {
  readonly id: number;
  /** "first": it owns no edges yet. "outranked": another knows better, and nothing was changed. */
  readonly outcome: "first" | "said before" | "outranked";
}

type Known = readonly [id: number, rank: number, since: number | null, gone: number | null, flags: number, facts: string | null];

const INSERT = "INSERT OR IGNORE INTO node(key, kind, rank, since, gone, flags, facts) VALUES(?, ?, ?, ?, ?, ?, ?)";
const SELECT = "SELECT id, rank, since, gone, flags, facts FROM node WHERE key = ?";
const UPDATE = "UPDATE node SET rank = ?, since = ?, gone = ?, flags = ?, facts = ? WHERE id = ?";
/** So many rows are remembered, and as many of those before: memory has a limit, and what is in use stays. */
const MOST_IDS = 20_000;

/** The rows of nodes. No row is ever taken away, so what is known of their numbers stays true. Nothing is written that is there already. */
export class NodeWriter {
  readonly #index: IndexDatabase;
  readonly #insert: StatementSync;
  #ids = new Map<Urn, number>();
  #idsBefore: ReadonlyMap<Urn, number> = new Map();

  constructor(index: IndexDatabase) {
    this.#index = index;
    this.#insert = index.prepared(INSERT);
  }

  say(urn: Urn, record: NodeRecord): Said {
    return this.#put(urn, record, IS_SAID);
  }

  tell(urn: Urn, record: NodeRecord): void {
    this.#put(urn, record, 0);
  }

  /** The row of a node that owns edges from now on. */
  markSaid(urn: Urn): number {
    const id = this.id(urn);
    this.#index.prepared(`UPDATE node SET flags = flags | ${IS_SAID} WHERE id = ? AND flags & ${IS_SAID} = 0`).run(id);
    return id;
  }

  /** The row of a node; one that is only spoken of gets a row of its own. */
  id(urn: Urn): number {
    const known = this.#ids.get(urn);
    if (known !== undefined) return known;
    const before = this.#idsBefore.get(urn);
    if (before !== undefined) return this.#remember(urn, before);
    const found = this.#index.tuple<readonly [number]>("SELECT id FROM node WHERE key = ?", keyOf(urn))?.[0];
    return this.#remember(urn, found ?? this.#insertNamed(urn));
  }

  #put(urn: Urn, { node, rank: name, since, gone, attempt = false }: NodeRecord, said: 0 | typeof IS_SAID): Said {
    const key = keyOf(urn);
    const rank = RANKS.indexOf(name);
    const sinceMs = since?.getTime() ?? null;
    const goneMs = gone?.getTime() ?? null;
    const flags = said | (attempt ? IS_ATTEMPT : 0);
    const facts = encodeFacts(node) ?? null;
    const { changes, lastInsertRowid } = this.#insert.run(
      key,
      NODE_KINDS.indexOf(node.kind),
      rank,
      sinceMs,
      goneMs,
      flags,
      facts,
    );
    if (changes === 1) return { id: this.#remember(urn, Number(lastInsertRowid)), outcome: "first" };
    const known = this.#index.tuple<Known>(SELECT, key);
    if (known === undefined) throw new Error(`the index has no row for ${urn}`);
    const [id, knownRank, , , knownFlags] = known;
    this.#remember(urn, id);
    if (knownRank > rank) return { id, outcome: "outranked" };
    this.#update(known, [rank, sinceMs, goneMs, flags | (knownFlags & IS_SAID), facts]);
    return { id, outcome: (knownFlags & IS_SAID) === 0 ? "first" : "said before" };
  }

  #update([id, ...known]: Known, next: readonly [number, number | null, number | null, number, string | null]): void {
    if (next.some((value, column) => value !== known[column])) this.#index.prepared(UPDATE).run(...next, id);
  }

  #insertNamed(urn: Urn): number {
    const { lastInsertRowid } = this.#insert.run(keyOf(urn), NODE_KINDS.indexOf(parseUrn(urn).kind), 0, null, null, 0, null);
    return Number(lastInsertRowid);
  }

  #remember(urn: Urn, id: number): number {
    if (this.#ids.size >= MOST_IDS) {
      this.#idsBefore = this.#ids;
      this.#ids = new Map();
    }
    this.#ids.set(urn, id);
    return id;
  }
}
