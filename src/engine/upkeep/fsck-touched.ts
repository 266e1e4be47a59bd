import { type CommitRow, commitText } from "../pfs/commits.ts";
import type { Database } from "../store/database.ts";
import { fromEntry } from "../files/file-set.ts";
import { storedNode } from "../store/node-store.ts";
import { inSlices } from "../store/slices.ts";
import { type ChildReference, EMPTY_ROOT, type Entry } from "../tree/node.ts";

/** A stored thing that is not as it should be. */
export interface Damage {
  readonly kind: "object" | "tree node";
  readonly id: string;
  /** As in "object … is missing". */
  readonly problem: string | undefined;
}

/** How many places a sentence names. */
const NAMED_PLACES = 5;

export function damageKey({ kind, id }: Pick<Damage, "kind" | "id">): string {
  return `${kind} ${id}`;
}

/** A sentence for each damage, which says what is wrong with it and which commits and files need it. */
export async function describeNeeded(db: Database, damages: ReadonlyMap<string, Damage>): Promise<string[]> {
  if (damages.size === 0) return [];
  const search = new Search(db, damages);
  for await (const _ of inSlices(db, search.run()));
  return [...damages].map(([key, { problem }]) => `${key} ${problem ?? ""}: ${search.neededBy(key)}`);
}

interface Places {
  commits: number;
  readonly named: string[];
  unnamed: number;
}

interface Found {
  /** Of the damage. */
  readonly key: string;
  /** In the commit, as it follows its name. */
  readonly place: string;
}

class Search {
  readonly #db: Database;
  readonly #damages: ReadonlyMap<string, Damage>;
  /** Nodes below which there is no damage. */
  readonly #sound = new Set<string>([EMPTY_ROOT]);
  readonly #places = new Map<string, Places>();

  constructor(db: Database, damages: ReadonlyMap<string, Damage>) {
    this.#db = db;
    this.#damages = damages;
  }

  *run(): IterableIterator<void> {
    const before = "SELECT * FROM commits WHERE id < ? ORDER BY id DESC LIMIT 1";
    let commit = this.#db.get<CommitRow>(before, Number.MAX_SAFE_INTEGER);
    for (; commit !== undefined; commit = this.#db.get<CommitRow>(before, commit.id)) yield* this.#search(commit);
  }

  neededBy(key: string): string {
    const { commits, named, unnamed } = this.#places.get(key) ?? { commits: 0, named: [], unnamed: 0 };
    if (commits === 0) return "the list of a job's datums needs it";
    const more = unnamed === 0 ? "" : `, and ${unnamed} more`;
    return `${commits} ${commits === 1 ? "commit needs" : "commits need"} it (${named.join(", ")}${more})`;
  }

  /** The commit's files, and those that it began with only if something of these is all that is damaged. */
  *#search(commit: CommitRow): Generator<void> {
    const found = yield* this.#searchTree(commit.root, undefined);
    if (found.length === 0 && commit.base !== commit.root) {
      const below = yield* this.#searchTree(commit.base, undefined);
      found.push(...below.map(({ key }) => ({ key, place: " (among the files that it began with)" })));
    }
    const text = commitText(this.#db, commit);
    for (const key of new Set(found.map((each) => each.key))) this.#placesOf(key).commits += 1;
    for (const { key, place } of found) {
      const places = this.#placesOf(key);
      if (places.named.length < NAMED_PLACES) places.named.push(text + place);
      else places.unnamed += 1;
    }
  }

  *#searchTree(id: string, reference: ChildReference | undefined): Generator<void, Found[]> {
    yield;
    if (this.#sound.has(id)) return [];
    const key = damageKey({ kind: "tree node", id });
    if (this.#damages.has(key)) return [{ key, place: placeOfNode(reference) }];
    const node = storedNode(this.#db, id);
    const found = "children" in node ? yield* this.#searchChildren(node.children) : this.#searchEntries(node.entries);
    if (found.length === 0) this.#sound.add(id);
    return found;
  }

  *#searchChildren(children: readonly ChildReference[]): Generator<void, Found[]> {
    const found: Found[] = [];
    for (const child of children) found.push(...(yield* this.#searchTree(child.id, child)));
    return found;
  }

  #searchEntries(entries: readonly Entry[]): Found[] {
    return entries.map(fromEntry).flatMap(({ path, content }) => {
      const keys = new Set(content.chunks.map(({ id }) => damageKey({ kind: "object", id })));
      return [...keys].filter((key) => this.#damages.has(key)).map((key) => ({ key, place: `:${path}` }));
    });
  }

  #placesOf(key: string): Places {
    const places = this.#places.get(key) ?? { commits: 0, named: [], unnamed: 0 };
    this.#places.set(key, places);
    return places;
  }
}

function placeOfNode(reference: ChildReference | undefined): string {
  if (reference === undefined) return " (all its files)";
  const { count, lastKey } = reference;
  return `:${lastKey.split("\0")[0] ?? ""}${count === 1 ? "" : ` and ${count - 1} files before it`}`;
}
