import type { ContentStore, StoredContent } from "./content-store.ts";
import { type FileSet, USER_TAG, below, fileEntry, fileKey, fromEntry, writersOf } from "./file-set.ts";
import { type Edit, type NodeStore, entries, findEntry } from "./tree.ts";

/** One step of a ModifyFile, with its bytes already stored. Paths are clean (names.ts). */
export type FileOperation =
  | { readonly kind: "append"; readonly path: string; readonly tag: string; readonly content: StoredContent }
  | { readonly kind: "delete"; readonly path: string; readonly tag: string }
  | { readonly kind: "deleteDirectory"; readonly path: string }
  | {
      readonly kind: "copy";
      readonly path: string;
      readonly tag: string;
      readonly append: boolean;
      readonly source: FileSet;
      readonly from: string;
    };

/**
 * What a list of operations, in order, does to a tree: the edits to apply to exactly this root. Reads it, and the bytes of
 * files that are appended to, but changes nothing.
 */
export async function planEdits(
  stores: { readonly nodes: NodeStore; readonly content: ContentStore },
  root: string,
  operations: readonly FileOperation[],
): Promise<Edit[]> {
  const changed = new Map<string, StoredContent | undefined>();
  const current = (key: string): StoredContent | undefined => {
    if (changed.has(key)) return changed.get(key);
    const entry = findEntry(stores.nodes, root, key);
    return entry === undefined ? undefined : fromEntry(entry).content;
  };
  const append = async (key: string, content: StoredContent): Promise<void> => {
    const before = current(key);
    const joined =
      before === undefined || before.bytes === 0 ? content : await stores.content.append(before, stores.content.read(content));
    changed.set(key, joined);
  };
  const deleteRange = (range: { from: string; before: string }): void => {
    for (const key of changed.keys()) if (key >= range.from && key < range.before) changed.set(key, undefined);
    for (const entry of entries(stores.nodes, root, range)) changed.set(entry.key, undefined);
  };
  for (const operation of operations) {
    switch (operation.kind) {
      case "append":
        await append(fileKey(operation.path, operation.tag), operation.content);
        break;
      case "delete":
        changed.set(fileKey(operation.path, operation.tag), undefined);
        break;
      case "deleteDirectory":
        deleteRange(below(operation.path));
        break;
      case "copy":
        if (!operation.append) {
          deleteRange(writersOf(operation.path));
          deleteRange(below(operation.path === "/" ? "/" : `${operation.path}/`));
        }
        for (const [path, content] of copied(operation)) await append(fileKey(path, operation.tag), content);
        break;
    }
  }
  return [...changed]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, content]) => ({ key, entry: content === undefined ? undefined : fileEntry(content) }));
}

/** The files that a copy makes: a file at the new path, or all below a directory. */
function* copied(copy: FileOperation & { kind: "copy" }): IterableIterator<[path: string, content: StoredContent]> {
  for (const node of copy.source.at(copy.from)) {
    if (node.content !== undefined) yield [copy.path, node.content];
    else
      for (const file of copy.source.files(node.path)) yield [join(copy.path, file.path.slice(node.path.length)), file.content];
  }
}

function join(directory: string, name: string): string {
  return directory === "/" ? `/${name}` : `${directory}/${name}`;
}

/** The tag that a request means: users that give none share one. */
export function tagOf(datum: string | undefined): string {
  return datum === undefined || datum === "" ? USER_TAG : datum;
}
