import type { Edge } from "../../src/lineage/graph.ts";
import type { Urn } from "../../src/lineage/urn.ts";
import type { Said, Statements } from "./statements.ts";

/** What points at what, from when until when. */
export interface Pointer {
  readonly scope: string;
  readonly name: string;
  readonly target: Urn;
  readonly since: Date;
  until: Date | undefined;
}

/** What was true whenever somebody looked: what is gone since stays known, and what came and went unseen does not. */
export class Ledger {
  readonly #seen = new Map<Urn, Said>();
  #present: Statements = new Map();
  #edges: readonly Edge[] | undefined;
  readonly pointers: Pointer[] = [];

  /** Somebody looked. */
  see(now: Date, statements: Statements, pointers: ReadonlyArray<readonly [scope: string, name: string, target: Urn]>): void {
    for (const [urn, said] of statements) this.#seen.set(urn, keepLost(this.#seen.get(urn), said));
    this.#present = statements;
    this.#edges = undefined;
    const target = (scope: string, name: string): Urn | undefined =>
      pointers.find((each) => each[0] === scope && each[1] === name)?.[2];
    for (const open of this.pointers.filter(({ until }) => until === undefined))
      if (target(open.scope, open.name) !== open.target) open.until = now;
    for (const [scope, name, to] of pointers) {
      const isOpen = this.pointers.some((each) => each.scope === scope && each.name === name && each.until === undefined);
      if (!isOpen) this.pointers.push({ scope, name, target: to, since: now, until: undefined });
    }
  }

  get said(): Statements {
    return this.#seen;
  }

  /** Seen once, and no more there when somebody looked last; or put away. */
  isGone(urn: Urn): boolean {
    return this.#seen.has(urn) && (!this.#present.has(urn) || this.#present.get(urn)?.isDeleted === true);
  }

  /** True for what its own system said something of, or a run card did. */
  isKnown(urn: Urn): boolean {
    return this.#seen.has(urn) || [...this.#seen.values()].some(({ told }) => told?.includes(urn));
  }

  /** Each once. */
  get edges(): readonly Edge[] {
    this.#edges ??= this.#allEdges();
    return this.#edges;
  }

  #allEdges(): readonly Edge[] {
    const all = [...this.#seen.values()].flatMap(({ edges }) => edges);
    return [...new Map(all.map((edge) => [`${edge.from} ${edge.kind} ${edge.to}`, edge])).values()];
  }
}

/**
 * A job whose output commit is gone cannot say any more what it used: what it said before stays. And a run that another one replaced
 * stays replaced when that one is gone.
 */
function keepLost(before: Said | undefined, now: Said): Said {
  if (before === undefined) return now;
  const kept = before.isAttempt === true ? { ...now, isAttempt: true } : now;
  if (now.isDone === undefined || now.edges.some(({ kind }) => kind === "used")) return kept;
  return { ...kept, edges: before.edges };
}
