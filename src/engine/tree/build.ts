import { encodeNode, EMPTY_ROOT, keyLevel, measureMembers, readNode } from "./node.ts";
import type { ChildReference, Entry, NodeStore, TreeNode } from "./node.ts";

/** An inner node that is being filled. */
interface OpenNode {
  children: ChildReference[];
  /** Whether the tree has an earlier node at this level. */
  hasEarlier: boolean;
}

/**
 * Builds a tree from entries, and from whole subtrees of an older one, added in the order of their keys.
 * Keeps one unfinished node a level; puts a node once it is sure to be part of the result, unless it is among `known`.
 */
export class TreeBuilder {
  readonly #store: NodeStore;
  readonly #known: ReadonlySet<string>;
  #entries: Entry[] = [];
  /** The unfinished inner nodes; that of level n is at n - 1. */
  readonly #open: OpenNode[] = [];
  /** Closed nodes with one child that belong to the tree only if something follows, lowest first. */
  #withheld: { readonly level: number; readonly children: readonly ChildReference[] }[] = [];

  constructor(store: NodeStore, known: ReadonlySet<string>) {
    this.#store = store;
    this.#known = known;
  }

  addEntry(entry: Entry): void {
    this.#putWithheld();
    this.#entries.push(entry);
    this.#closeNodes(0, keyLevel(entry.key));
  }

  /** Whether a subtree of that level that comes next would begin a node of its own at every level. */
  canAddSubtree(level: number): boolean {
    return this.#entries.length === 0 && this.#open.slice(0, level).every(({ children }) => children.length === 0);
  }

  /** Adds a subtree without looking into it. Only where `canAddSubtree`, and if its end closes it or nothing follows. */
  addSubtree(level: number, child: ChildReference): void {
    this.#putWithheld();
    for (let below = 1; below <= level; below += 1) this.#openNode(below).hasEarlier = true;
    this.#openNode(level + 1).children.push(child);
    this.#closeNodes(level + 1, keyLevel(child.lastKey));
  }

  /** Closes what is open, and tells the root: the only node of the lowest level that has only one. */
  finish(): string {
    if (this.#entries.length > 0) this.#closeLeaf();
    const [withheld] = this.#withheld;
    if (withheld) return this.#lowestOnlyNode(withheld.children);
    for (let level = 1; level <= this.#open.length; level += 1) {
      const { children, hasEarlier } = this.#openNode(level);
      if (children.length === 1 && !hasEarlier) return this.#lowestOnlyNode(children);
      if (children.length > 0) this.#closeInner(level);
    }
    return EMPTY_ROOT;
  }

  /** Goes down while there is one child only, as a subtree that was added whole can consist of such nodes. */
  #lowestOnlyNode(children: readonly ChildReference[]): string {
    const [only, second] = children;
    if (only === undefined || second !== undefined) throw new Error("expected one child");
    const node = readNode(this.#store, only.id);
    return "children" in node && node.children.length === 1 ? this.#lowestOnlyNode(node.children) : only.id;
  }

  #closeNodes(from: number, before: number): void {
    for (let level = from; level < before; level += 1) {
      if (level === 0) this.#closeLeaf();
      else this.#closeInner(level);
    }
  }

  #closeLeaf(): void {
    const entries = this.#entries;
    this.#entries = [];
    const id = this.#put({ level: 0, entries });
    this.#openNode(1).children.push({ lastKey: lastOf(entries).key, id, ...measureMembers(entries) });
  }

  #closeInner(level: number): void {
    const open = this.#openNode(level);
    const { children, hasEarlier } = open;
    open.children = [];
    open.hasEarlier = true;
    const withhold = children.length === 1 && !hasEarlier;
    if (withhold) this.#withheld.push({ level, children });
    const id = withhold ? encodeNode({ level, children }).id : this.#put({ level, children });
    this.#openNode(level + 1).children.push({ lastKey: lastOf(children).lastKey, id, ...measureMembers(children) });
  }

  #openNode(level: number): OpenNode {
    return (this.#open[level - 1] ??= { children: [], hasEarlier: false });
  }

  #putWithheld(): void {
    if (this.#withheld.length === 0) return;
    for (const node of this.#withheld) this.#put(node);
    this.#withheld = [];
  }

  #put(node: TreeNode): string {
    const { id, text } = encodeNode(node);
    if (!this.#known.has(id)) this.#store.put(id, text, node);
    return id;
  }
}

function lastOf<Member>(members: readonly Member[]): Member {
  const last = members.at(-1);
  if (last === undefined) throw new Error("a tree node without members");
  return last;
}
