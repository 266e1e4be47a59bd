import { type Entry, type NodeStore, entries } from "./tree.ts";

/** Finds entries of one tree, by keys that mostly go up. Remembers the last gap that it saw: what falls into it costs nothing. */
export class TreeLookup {
  readonly #nodes: NodeStore;
  readonly #root: string;
  /** There is no entry from `#from` on before `#next`, the first one there is (`undefined`: there is none). */
  #from: string | undefined;
  #next: Entry | undefined;

  constructor(nodes: NodeStore, root: string) {
    this.#nodes = nodes;
    this.#root = root;
  }

  find(key: string): Entry | undefined {
    const isInGap = this.#from !== undefined && key >= this.#from && (this.#next === undefined || key <= this.#next.key);
    if (!isInGap) {
      this.#from = key;
      this.#next = undefined;
      for (const entry of entries(this.#nodes, this.#root, { from: key })) {
        this.#next = entry;
        break;
      }
    }
    return this.#next?.key === key ? this.#next : undefined;
  }
}
