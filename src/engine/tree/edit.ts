import { TreeBuilder } from "./build.ts";
import { readNode } from "./node.ts";
import type { ChildReference, Entry, NodeStore, TreeNode } from "./node.ts";

/** Sets an entry, or deletes it where there is none. */
export interface Edit {
  readonly key: string;
  readonly entry: { readonly value: string; readonly bytes: number } | undefined;
}

/**
 * Applies edits, which are sorted by unique keys, and returns the new root.
 * Reads and writes only the nodes beside the edits; the old tree stays as it is.
 */
export function applyEdits(store: NodeStore, root: string, edits: Iterable<Edit>): string {
  const editor = new TreeEditor(store, edits);
  return editor.apply(root);
}

/** Walks an old tree from left to right, and feeds a builder with what is to stay and what is new. */
class TreeEditor {
  readonly #store: NodeStore;
  readonly #edits: Iterator<Edit>;
  readonly #read = new Set<string>();
  readonly #builder: TreeBuilder;
  #next: Edit | undefined;

  constructor(store: NodeStore, edits: Iterable<Edit>) {
    this.#store = store;
    this.#edits = edits[Symbol.iterator]();
    this.#builder = new TreeBuilder(store, this.#read);
    this.#advance();
  }

  apply(root: string): string {
    if (this.#next === undefined) return root;
    this.#copyNode(this.#open(root), undefined);
    return this.#builder.finish();
  }

  /** Copies the old node with its edits: those up to its last key, or all that are left when it is the tree's last (`undefined`). */
  #copyNode(node: TreeNode, lastKey: string | undefined): void {
    if ("entries" in node) this.#copyEntries(node.entries, lastKey);
    else this.#copyChildren(node.level - 1, node.children, lastKey);
  }

  #copyChildren(level: number, children: readonly ChildReference[], lastKey: string | undefined): void {
    const lastChild = children.at(-1);
    for (const child of children) {
      const childLastKey = child === lastChild ? lastKey : child.lastKey;
      if (!this.#hasEdit(childLastKey) && this.#builder.canAddSubtree(level)) this.#builder.addSubtree(level, child);
      else this.#copyNode(this.#open(child.id), childLastKey);
    }
  }

  #copyEntries(entries: readonly Entry[], lastKey: string | undefined): void {
    for (const entry of entries) {
      this.#addEditsBefore(entry.key);
      if (this.#next?.key === entry.key) this.#addEdit(this.#next);
      else this.#builder.addEntry(entry);
    }
    if (lastKey === undefined) this.#addEditsBefore(undefined);
  }

  #addEditsBefore(key: string | undefined): void {
    while (this.#next && isBefore(this.#next.key, key)) this.#addEdit(this.#next);
  }

  #addEdit({ key, entry }: Edit): void {
    if (entry) this.#builder.addEntry({ key, value: entry.value, bytes: entry.bytes });
    this.#advance();
  }

  #hasEdit(upTo: string | undefined): boolean {
    return this.#next !== undefined && (upTo === undefined || this.#next.key <= upTo);
  }

  #advance(): void {
    const previous = this.#next;
    const { done, value } = this.#edits.next();
    this.#next = done ? undefined : value;
    if (previous && this.#next && this.#next.key <= previous.key) {
      throw new Error(`edits must be sorted by unique keys, but "${this.#next.key}" follows "${previous.key}"`);
    }
  }

  #open(id: string): TreeNode {
    this.#read.add(id);
    return readNode(this.#store, id);
  }
}

function isBefore(key: string, bound: string | undefined): boolean {
  return bound === undefined || key < bound;
}
