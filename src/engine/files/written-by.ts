import { FileSet } from "./file-set.ts";
import { fileKey } from "./file-entry.ts";
import { EMPTY_ROOT, type Edit, type NodeStore, applyEdits, entries } from "../tree/tree.ts";
import type { TreeNode } from "../tree/node.ts";

/** The files of one writer alone. Reads the whole tree. */
export function writtenBy(nodes: NodeStore, root: string, tag: string): FileSet {
  const memory = new MemoryNodeStore();
  return new FileSet(memory, applyEdits(memory, EMPTY_ROOT, additions(nodes, root, fileKey("", tag))));
}

function* additions(nodes: NodeStore, root: string, keyEnd: string): IterableIterator<Edit> {
  for (const entry of entries(nodes, root)) if (entry.key.endsWith(keyEnd)) yield { key: entry.key, entry };
}

/** The nodes of trees that nobody needs for long. */
export class MemoryNodeStore implements NodeStore {
  readonly #nodes = new Map<string, TreeNode>();

  read(id: string): TreeNode {
    const node = this.#nodes.get(id);
    if (node === undefined) throw new Error(`node ${id} was not put`);
    return node;
  }

  put(id: string, _text: string, node: TreeNode): void {
    this.#nodes.set(id, node);
  }
}
