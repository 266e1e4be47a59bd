import type { ContentStore, StoredChunk } from "../store/content-store.ts";
import type { Database } from "../store/database.ts";
import { brokenRules } from "./fsck-rules.ts";
import { type Damage, damageKey, describeNeeded } from "./fsck-touched.ts";
import { storedNode } from "../store/node-store.ts";
import { Reach } from "./reach.ts";
import { inSlices } from "../store/slices.ts";
import type { EngineState } from "../state.ts";
import { type ChildReference, type TreeNode, measureMembers } from "../tree/node.ts";
import { type VerifiedObject, verifyNodes, verifyObjects } from "./verify-objects.ts";

/** Something that is wrong, or was and has been repaired, as a sentence. */
export interface Finding {
  readonly kind: "error" | "fix";
  readonly text: string;
}

export interface CheckOptions {
  readonly fix?: boolean | undefined;
  /** Ends the check when nobody wants to know any more. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Looks at all that is stored: that content and tree nodes are what their digests say, that all which commits refer to is
 * there, and that the tables keep their own rules. With `fix` it removes what is damaged and needed by nobody; what somebody
 * needs can be put again. Others go on meanwhile, but clean-up waits.
 */
export async function* checkStore(state: EngineState, { fix = false, signal }: CheckOptions = {}): AsyncGenerator<Finding> {
  using _ = await state.content.holds.turn();
  for (const text of brokenRules(state.db)) yield { kind: "error", text };
  const damaged = new Map<string, VerifiedObject>();
  for (const all of [verifyNodes(state), verifyObjects(state)]) {
    for await (const stored of all) {
      signal?.throwIfAborted();
      if (stored.problem !== undefined) damaged.set(damageKey(stored), stored);
    }
  }
  const reach = new Reach(state.db);
  const visitor = new DamageVisitor(state.db, state.content, damaged);
  for await (const _ of inSlices(state.db, reach.walk(visitor))) signal?.throwIfAborted();
  for (const text of await describeNeeded(state.db, visitor.needed)) yield { kind: "error", text };
  for (const stored of damaged.values()) if (!visitor.needed.has(damageKey(stored))) yield discard(stored, fix);
  if (fix) yield* removeUnfinished(state.content);
}

/** Meets all that commits need, and keeps what is missing, damaged, or not what its tree says of it. */
class DamageVisitor {
  readonly needed = new Map<string, Damage>();
  readonly #db: Database;
  readonly #content: ContentStore;
  readonly #damaged: ReadonlyMap<string, Damage>;

  constructor(db: Database, content: ContentStore, damaged: ReadonlyMap<string, Damage>) {
    this.#db = db;
    this.#content = content;
    this.#damaged = damaged;
  }

  node(id: string, reference: ChildReference | undefined): TreeNode | undefined {
    if (this.#isDamaged({ kind: "tree node", id })) return undefined;
    if (this.#db.get("SELECT 1 FROM nodes WHERE id = ?", id) === undefined) {
      this.#keep({ kind: "tree node", id, problem: "is missing" });
      return undefined;
    }
    const node = storedNode(this.#db, id);
    if (reference !== undefined && !isAsReferred(node, reference))
      this.#keep({ kind: "tree node", id, problem: "holds other files than its tree says of it" });
    return node;
  }

  chunk({ id, bytes }: StoredChunk): void {
    if (this.#isDamaged({ kind: "object", id })) return;
    const found = this.#content.sizeOf({ id, bytes });
    if (found === undefined) this.#keep({ kind: "object", id, problem: "is missing" });
    else if (found !== bytes) this.#keep({ kind: "object", id, problem: `has ${found} bytes instead of ${bytes}` });
  }

  #isDamaged(stored: Pick<Damage, "kind" | "id">): boolean {
    const damage = this.#damaged.get(damageKey(stored));
    if (damage !== undefined) this.#keep(damage);
    return damage !== undefined;
  }

  #keep(damage: Damage): void {
    this.needed.set(damageKey(damage), damage);
  }
}

function isAsReferred(node: TreeNode, { lastKey, count, bytes }: ChildReference): boolean {
  const members = "entries" in node ? node.entries : node.children;
  const measured = measureMembers(members);
  const last = members.at(-1);
  return (
    measured.count === count &&
    measured.bytes === bytes &&
    last !== undefined &&
    ("key" in last ? last.key : last.lastKey) === lastKey
  );
}

function discard({ kind, id, problem, remove }: VerifiedObject, fix: boolean): Finding {
  if (!fix) return { kind: "error", text: `${kind} ${id} ${problem}: no commit needs it, so it can be removed` };
  remove();
  return { kind: "fix", text: `removed ${kind} ${id}, which ${problem} and needed by no commit` };
}

async function* removeUnfinished(content: ContentStore): AsyncGenerator<Finding> {
  for await (const file of content.files()) {
    if (file.id !== undefined) continue;
    content.removeFile(file);
    yield { kind: "fix", text: `removed ${file.path}, which was never finished` };
  }
}
