import { below, duplicatePath, pathCollision, writersOf } from "./file-entry.ts";
import { type NodeStore, diff, entries, firstKeyFrom } from "../tree/tree.ts";

/** What is wrong with the files that a commit added: two writers of one path, or a file where a directory is. Else "". */
export function contradiction(nodes: NodeStore, base: string, root: string): string {
  const oldWriters = new Gaps(nodes, base);
  const oldDirectories = new Gaps(nodes, base);
  let previous = "";
  let checkedDirectory = "";
  for (const change of diff(nodes, base, root)) {
    if (change.new === undefined || change.old !== undefined) continue;
    const path = change.key.slice(0, change.key.indexOf("\0"));
    if (path === previous || oldWriters.hasIn(writersOf(path))) {
      const first = entries(nodes, root, writersOf(path)).take(2);
      const writers = Array.from(first, (entry) => entry.key.slice(path.length + 1));
      if (writers.length > 1) return duplicatePath(path, writers);
    }
    previous = path;
    if (oldDirectories.hasIn(below(`${path}/`))) {
      const inside = entries(nodes, root, below(`${path}/`)).next();
      if (inside.done !== true) return pathCollision(inside.value.key.split("\0")[0] ?? "");
    }
    const directory = path.slice(0, path.lastIndexOf("/"));
    for (const above of directoriesAbove(path)) {
      if (checkedDirectory === above || checkedDirectory.startsWith(`${above}/`)) break;
      if (entries(nodes, root, writersOf(above)).next().done !== true) return pathCollision(path);
    }
    checkedDirectory = directory;
  }
  return "";
}

/** The directories that a file lies in, without their last slash, innermost first and without the root. */
function* directoriesAbove(path: string): IterableIterator<string> {
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) yield path.slice(0, end);
}

/** Tells whether a tree has keys in a range. Remembers the last gap that it saw, so that neighbours cost no look at the tree. */
class Gaps {
  readonly #nodes: NodeStore;
  readonly #root: string;
  /** There is no key from `#from` on before `#next`, which is the first one (`undefined`: there is none). */
  #from: string | undefined;
  #next: string | undefined;

  constructor(nodes: NodeStore, root: string) {
    this.#nodes = nodes;
    this.#root = root;
  }

  hasIn({ from, before }: { readonly from: string; readonly before: string }): boolean {
    const isInGap = this.#from !== undefined && from >= this.#from && (this.#next === undefined || from <= this.#next);
    if (!isInGap) {
      this.#from = from;
      this.#next = firstKeyFrom(this.#nodes, this.#root, from);
    }
    return this.#next !== undefined && this.#next < before;
  }
}
